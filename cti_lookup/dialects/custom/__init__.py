"""The dialect that an administrator describes: any phone system that can send a request."""

from cti_lookup.dialects.custom.description import Custom, described
from cti_lookup.dialects.custom.tables import DescriptionError

__all__ = ["Custom", "DescriptionError", "described"]
