"""What a directory holds: people and what they refer to, as the API shows, filters and changes them."""
