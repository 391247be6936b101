"""What is told to others: events, policies, and their delivery."""
