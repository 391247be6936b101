"""
Scopes and roles as they are written on a command line and kept in the file.

Facts: a scope is `model:action`; actions are `Read`, `Create`, `Update` and `Delete`, or their first letters, or `*`; several stand
with commas between them (Xurrent developer pages, Oauth_TemplatedTokens). Letter case does not matter here.
"""

import re
from collections.abc import Iterable
from enum import StrEnum
from typing import Final

import msgspec

from cti_lookup.directory.access.identity import Role
from cti_lookup.directory.errors import UnusableValueError


class Model(StrEnum):
    """A kind of record that a scope can be about."""

    PERSON = "person"
    ORGANIZATION = "organization"
    SITE = "site"
    TEAM = "team"
    CALENDAR = "calendar"
    WEBHOOK = "webhook"
    WEBHOOK_POLICY = "webhook_policy"
    IMPORT = "import"
    EXPORT = "export"


class Action(StrEnum):
    """What a scope allows to be done."""

    READ = "read"
    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"


ANY: Final = "*"
READ_EVERYTHING: Final = frozenset({"*:read"})

_SCOPE: Final = re.compile(r"([a-z_]+|\*):([a-z]+|\*)")
_ACTIONS: Final = {ANY: ANY} | {word: action.value for action in Action for word in (action.value, action[0])}


def read_scopes(texts: Iterable[str]) -> frozenset[str]:
    """Return scopes as they are kept, `model:action` in small letters; raise `UnusableValueError` for what is none."""
    return frozenset(_read_scope(part.strip()) for text in texts for part in text.split(","))


def _read_scope(text: str) -> str:
    match = _SCOPE.fullmatch(text.lower())
    if match is None or match[1] not in {*Model, ANY} or match[2] not in _ACTIONS:
        models = ", ".join((*Model, ANY))
        raise UnusableValueError(f"no scope: {text!r}; write model:action, the model one of {models}")
    return f"{match[1]}:{_ACTIONS[match[2]]}"


def read_roles(texts: Iterable[str]) -> frozenset[Role]:
    """Return roles by their names, several of which may stand in a text; raise `UnusableValueError` for what is none."""
    return frozenset(_read_role(part.strip()) for text in texts for part in text.split(","))


def _read_role(text: str) -> Role:
    try:
        return Role(text.lower().replace(" ", "_"))
    except ValueError:
        raise UnusableValueError(f"no role: {text!r}; the roles are {', '.join(Role)}") from None


def encode_words(words: Iterable[str]) -> str:
    """Write roles or scopes as they stand in the file: a JSON list."""
    return msgspec.json.encode(sorted(words)).decode()


def decode_words(text: str) -> frozenset[str]:
    """Read roles or scopes from the file."""
    return msgspec.json.decode(text, type=frozenset[str])


def known_roles(words: Iterable[str]) -> frozenset[Role]:
    """Return the roles among words of the file; a newer program may have written others."""
    return frozenset(Role(word) for word in words if word in _ROLE_NAMES)


_ROLE_NAMES: Final = frozenset(role.value for role in Role)
