"""What is planted, and how it is found again: as it was written, and in the writings that programs turn it into."""

import base64
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final
from urllib.parse import quote

from tests.playing.systems import CALLEE

NUMBER: Final = "+442079469173"
AGENTS_NUMBER: Final = "+442079468264"
NAME: Final = "Zebulon Quillfeather"
EMAIL: Final = "zeb.quill@people.example"
AGENTS_EMAIL: Final = "ada.canary@desk.example"
MACHINE_KEY: Final = "canary-machine-key-5d1f0c7a"
WRONG_KEY: Final = "canary-wrong-key-77b1e2d4"
SERVICE_SECRET: Final = "canary-service-secret-31c9be02"
PREVIOUS_SECRET: Final = "canary-previous-secret-9e8d7c6b"
SOURCE_SECRET: Final = "canary0source0secret0of032bytes0"
DIRECTORY_TOKEN: Final = "canary-directory-token-a4be61f8"
UPSTREAM_TOKEN: Final = "canary-upstream-token-c02f91d3"
REDIS_PASSWORD: Final = "canary-redis-password-6a5b4c3d"

PLANTED: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "a caller's number": (NUMBER[1:], NUMBER[3:], "20 7946 9173", "7946-9173", NUMBER[:2:-1]),
        "an agent's number": (AGENTS_NUMBER[1:], AGENTS_NUMBER[3:], "7946 8264"),
        "the called number": (CALLEE[1:], CALLEE[2:]),
        "a caller's name": (NAME, *NAME.split()),
        "a caller's e-mail": (EMAIL, EMAIL.partition("@")[0]),
        "an agent's e-mail": (AGENTS_EMAIL, AGENTS_EMAIL.partition("@")[0]),
        "a machine key": (MACHINE_KEY,),
        "a key that is wrong": (WRONG_KEY,),
        "the service's secret": (SERVICE_SECRET,),
        "the secret before it": (PREVIOUS_SECRET,),
        "a phone system's secret": (SOURCE_SECRET,),
        "the directory's token": (DIRECTORY_TOKEN,),
        "the directory's webhook's token": (UPSTREAM_TOKEN,),
        "Redis's password": (REDIS_PASSWORD,),
    }
)
"""What may be found nowhere, by what it is."""


def traces_in(content: bytes, more: Mapping[str, Iterable[str]] = MappingProxyType({})) -> list[str]:
    """Say what of all that was planted can be found in some bytes; in small letters or large."""
    small = content.lower()
    return [
        what
        for what, texts in {**PLANTED, **more}.items()
        if any(one.lower() in small for text in texts for one in _written(text))
    ]


def _written(text: str) -> set[bytes]:
    """Give what a text may look like: plain, in a URL, in wide letters, in hexadecimal digits, in base64 at any offset."""
    plain = text.encode()
    in_base64 = {
        base64.b64encode(b"\0" * offset + plain)[4 if offset else 0 : -4].rstrip(b"=") for offset in range(3)
    }
    ways = {plain, quote(text).encode(), text.encode("utf-16-le"), plain.hex().encode(), *in_base64}
    return {one for one in ways if len(one) >= _LEAST}


_LEAST: Final = 7
"""Bytes below which something is found by chance."""
