"""Telephone numbers as phone systems send them and as people write them; no I/O, no clock."""

from cti_lookup.telephone.caller import Caller, Dialled, Internal, Invalid, Withheld, read_caller
from cti_lookup.telephone.plan import E164, LocalNumber, Number, is_region
from cti_lookup.telephone.written import Reading, Strength, read_written

__all__ = [
    "E164",
    "Caller",
    "Dialled",
    "Internal",
    "Invalid",
    "LocalNumber",
    "Number",
    "Reading",
    "Strength",
    "Withheld",
    "is_region",
    "read_caller",
    "read_written",
]
