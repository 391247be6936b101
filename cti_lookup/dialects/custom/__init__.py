"""The dialect that an administrator describes: any phone system that can send a request."""

from cti_lookup.dialects.custom.description import NAME, Custom, described
from cti_lookup.dialects.custom.tables import DescriptionError

__all__ = ["NAME", "Custom", "DescriptionError", "described"]
