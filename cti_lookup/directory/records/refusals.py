"""What is said of names that a client wrote and that cannot be served."""

import re
from collections.abc import Iterable
from typing import Final

from cti_lookup.directory.errors import BadRequestError

MOST_NAMES: Final = 20

# Anything else might be a value that stands in the wrong place, and may be a person's.
_HARMLESS: Final = re.compile(r"[A-Za-z0-9_]{1,64}")


def refusal(what: str, names: Iterable[str]) -> BadRequestError:
    """Return the error that says what is refused of which names, such as `Unknown fields: shoe_size`."""
    harmless = [name for name in dict.fromkeys(names) if _HARMLESS.fullmatch(name)]
    return BadRequestError(f"{what}: {', '.join(harmless[:MOST_NAMES])}" if harmless else what)
