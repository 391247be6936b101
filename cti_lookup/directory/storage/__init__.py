"""The SQLite file of a directory: its tables, and who may read and write them."""
