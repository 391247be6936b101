"""Text that goes back out to a phone system: other people's words, with nothing that is syntax there."""

from typing import Final

_LONGEST: Final = 255


def one_line(text: str | None, *, without: str = "") -> str:
    """Give a text as one line of at most 255 characters, without those of `without`; None is ''."""
    kept = "".join(c if c.isprintable() else " " for c in text or "" if c not in without)
    return " ".join(kept.split())[:_LONGEST]


def web_address(text: str | None) -> str:
    """Give a link as it is if it leads into the web; anything else, such as a script, is ''."""
    link = text or ""
    return link if link.startswith(("https://", "http://")) and link.isprintable() and " " not in link else ""
