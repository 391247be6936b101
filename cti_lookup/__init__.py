"""Who is calling: caller lookup for phone systems, against an R-Service directory."""

__version__ = "0.1.0"
