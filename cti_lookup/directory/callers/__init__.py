"""Who is calling: people found by a telephone number or an identifier."""
