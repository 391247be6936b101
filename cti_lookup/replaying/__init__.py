"""A recorded day of calls, played against the real cache, to see what other times would have brought."""
