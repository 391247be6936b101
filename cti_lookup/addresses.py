"""
URLs and hosts in settings: read, and refused where they could not be used.

The `ValueError` each raises holds no part of what was read; those of `urllib` and redis-py quote hosts and passwords.
"""

from urllib.parse import SplitResult, urlsplit

from yarl import URL


def split_url(text: str) -> SplitResult:
    """Split a URL. The `ValueError` it raises holds no part of it; those of `urllib` quote the host and the port."""
    if not text.isprintable() or " " in text:
        raise ValueError("is no URL: it holds blanks or control characters")
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise ValueError("is no URL: its host or its port cannot be read") from None
    if port == 0:
        raise ValueError("is no URL that can be used: a port is from 1 to 65535")
    if parts.hostname:
        possible_host(parts.hostname)
    if parts.scheme in ("http", "https"):
        _usable_by_http_client(text)
    return parts


def _usable_by_http_client(text: str) -> None:
    try:
        URL(text)
    except ValueError:
        raise ValueError("is no URL: its host or its port cannot be read") from None


def possible_host(value: str) -> str:
    """Refuse '', which would mean every interface, and a name whose resolution would end in a `UnicodeError`."""
    try:
        value.encode("idna")
    except UnicodeError:
        raise ValueError("names a host that cannot exist") from None
    if not value or not value.isprintable():
        raise ValueError("names a host that cannot exist")
    return value


def base_url(value: object) -> object:
    """Read a base URL: http or https, without a slash at its end."""
    if not isinstance(value, str):
        return value
    text = value.strip()
    parts = split_url(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("is no http or https URL")
    if "@" in parts.netloc:
        raise ValueError("must not hold a user or password")
    if "?" in text or "#" in text:
        raise ValueError("must end with its path: paths are added to it")
    return text.rstrip("/")


def is_web_address(text: str) -> bool:
    """Tell whether a browser could go there."""
    parts = split_url(text)
    return parts.scheme in ("http", "https") and bool(parts.hostname)
