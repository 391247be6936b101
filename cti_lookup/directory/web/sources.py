"""
Where a new record comes from, as a client's header says.

Facts (R-Service developer guide, "Source"): a body without `source` has that of the header, else of `User-Agent`, else a text of
the API's own. Only the header is looked at here: the sample of a person has no source, and nobody asked for the name of a program.
"""

from collections.abc import Mapping
from typing import Final

from multidict import istr

from cti_lookup.directory.records.fields import Body

_HEADERS: Final = tuple(map(istr, ("X-4me-Source", "X-R-Service-Source", "X-Xurrent-Source")))
_LONGEST: Final = 30


def with_source(body: Body, headers: Mapping[str, str]) -> Body:
    """Return the body of a new record with the source of the header, cut to its length, unless the body has one."""
    if "source" in body:
        return body
    named = next((text for name in _HEADERS if (text := headers.get(name, "").strip())), "")
    # Bytes that are no UTF-8 come as halves of characters.
    whole = named.encode(errors="surrogateescape").decode(errors="replace")
    return {**body, "source": whole[:_LONGEST]} if whole else body
