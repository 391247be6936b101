"""The client of the R-Service REST API: its wire format, without I/O, and the asking."""
