"""
URLs and hosts in settings: read, and refused where they could not be used.

The `ValueError` each raises holds no part of what was read; those of `urllib` and redis-py quote hosts and passwords.
"""

from typing import Final
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


_USUAL_PORTS: Final = {"http": 80, "https": 443}


def web_origin(text: str) -> str:
    """
    Read an origin as browsers write it: scheme, host, and the port where it is not the scheme's own; nothing behind it.

    Facts: RFC 6454 section 6.2. What browsers never write would never be equal to what they send.
    """
    parts = split_url(text)
    if parts.scheme not in _USUAL_PORTS or not parts.hostname or text != f"{parts.scheme}://{parts.netloc}":
        raise ValueError("is no origin, such as https://desk.example, with nothing behind the host")
    if "@" in parts.netloc or parts.netloc != parts.netloc.lower() or "*" in text:
        raise ValueError("is no exact origin: no user, no capital letters, no *")
    if parts.port == _USUAL_PORTS[parts.scheme] or parts.netloc.endswith(":"):
        raise ValueError("names the port that its scheme has anyway; browsers leave it out")
    return text


def origin_of(url: str) -> str:
    """Give the origin of a web address, as a browser writes it."""
    parts = urlsplit(url)
    host = f"[{parts.hostname}]" if parts.hostname and ":" in parts.hostname else parts.hostname
    port = "" if parts.port in (None, _USUAL_PORTS.get(parts.scheme)) else f":{parts.port}"
    return f"{parts.scheme}://{host}{port}"


def is_web_address(text: str) -> bool:
    """Tell whether a browser could go there."""
    parts = split_url(text)
    return parts.scheme in ("http", "https") and bool(parts.hostname)
