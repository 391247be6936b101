"""How phone systems write, and how they expect to be answered: one file each, without I/O."""

from collections.abc import Mapping
from typing import Final

from cti_lookup.dialects import generic
from cti_lookup.dialects.dialect import Dialect, Request

DIALECTS: Final[Mapping[str, Dialect]] = {one.name: one for one in (generic.GENERIC, generic.ZAMMAD)}

__all__ = ["DIALECTS", "Dialect", "Request"]
