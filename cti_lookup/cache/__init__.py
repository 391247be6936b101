"""Answers that need not be asked for again: in this process, in Redis, and while they are being fetched."""
