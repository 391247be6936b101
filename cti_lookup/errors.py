"""
Everything that can go wrong, in one tree.

::

    CtiError
    ├── SettingsError          settings that cannot be started with, all faults at once
    ├── NotOpened              the embedded directory cannot be opened, or refuses what its commands ask
    ├── NotDone                what was asked of something else was not done
    │   ├── Unavailable        the directory could not be asked; never the same as "nobody"
    │   ├── NotForgotten       the shared tier could not be told what to forget
    │   └── RedisSilent        Redis did not do what it was asked; stays within the cache
    └── Rejected               a request that is refused, as a problem document
        ├── BadKey             401
        │   └── BadToken       401, an agent token that is none
        │       ├── TokenExpired
        │       └── TokenRevoked
        ├── Unverified         401, says what was wrong with the signature
        ├── StrangeHost        403
        ├── BadOrigin          403
        ├── UnknownSource      404
        ├── UnknownCall        404
        ├── Unreadable         400
        ├── WrongField          422, names the field
        ├── TooLarge           413
        ├── TooSlow            408
        └── TooOften           429, says when to ask again

Each has a short stable `reason`. It is also the metric label, the log field and the problem's `code`.
No message holds a number, a name or a secret.
"""

from typing import ClassVar, Final


class CtiError(Exception):
    """Root of what this program raises on purpose."""

    reason: str = "error"


class SettingsError(CtiError):
    """Settings that cannot be started with; `faults` names each setting and what is wrong with it."""

    reason = "settings"

    def __init__(self, faults: tuple[str, ...]) -> None:
        super().__init__("; ".join(faults))
        self.faults = faults


class NotOpened(CtiError):  # noqa: N818  # says what did not happen
    """The embedded directory cannot be opened, or refuses what its commands ask; the text says why."""

    reason = "directory"


class NotDone(CtiError):  # noqa: N818  # says what did not happen
    """What was asked of something else was not done; `reason` is one word of why."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Unavailable(NotDone):
    """
    The directory could not be asked.

    `reason`: `timeout`, `connection`, `redirect`, `oversized`, `malformed`, `unauthorized`, `forbidden`,
    `throttled` (the directory's own 429), `status` (any other status that is no answer), `foreign` (it told of people
    who have nothing to do with the question); or what was decided here without asking: `quota` (none left for this
    purpose), `open` (the breaker), `busy` (too many requests under way), `recent` (this question failed moments ago).
    """

    @property
    def was_asked(self) -> bool:
        """Tell whether it was the directory that failed, and not a decision to spare it."""
        return self.reason not in _SPARED


_SPARED: Final = frozenset({"quota", "throttled", "open", "busy", "recent"})


class NotForgotten(NotDone):
    """The shared tier could not be told what to forget; `reason` is what was wrong with it."""


class Rejected(CtiError):  # noqa: N818  # HTTP's own word
    """A request that is refused; `status` is HTTP's, `detail` is for people and tells nothing personal."""

    status: ClassVar[int] = 400

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class BadKey(Rejected):
    """No key, or one that is not known."""

    reason = "bad_key"
    status = 401


class BadToken(BadKey):
    """No agent token, or one that this service did not make."""

    reason = "bad_token"


class TokenExpired(BadToken):
    """An agent token whose time is over."""

    reason = "token_expired"


class TokenRevoked(BadToken):
    """An agent token that was taken back."""

    reason = "token_revoked"


class Unverified(Rejected):
    """
    A request whose sender is not proven.

    `reason`: `missing` (no signature, no time, no token), `signature` (a wrong one), `stale` (a time too far from ours, or none that
    can be read), `algorithm` (one that is not allowed here), `claims` (a signed token that says something else). It is counted; a
    stranger is told `unverified`.
    """

    reason = "unverified"
    status = 401

    def __init__(self, reason: str) -> None:
        super().__init__("The signature is missing or wrong.")
        self.reason = reason


class StrangeHost(Rejected):
    """A callback to a host, a port or a scheme that is not allowed."""

    reason = "strange_host"
    status = 403


class BadOrigin(Rejected):
    """A browser's request from a page that may not ask."""

    reason = "bad_origin"
    status = 403


class UnknownSource(Rejected):
    """A webhook for a source nobody configured."""

    reason = "unknown_source"
    status = 404


class UnknownCall(Rejected):
    """A call that is not known, or that is nothing to whoever asks."""

    reason = "unknown_call"
    status = 404


class Unreadable(Rejected):
    """A body or query that cannot be decoded."""

    reason = "unreadable"
    status = 400


class WrongField(Rejected):
    """A field that is missing or of the wrong type; `field` names it."""

    reason = "wrong_field"
    status = 422

    def __init__(self, field: str, detail: str) -> None:
        super().__init__(detail)
        self.field = field


class TooLarge(Rejected):
    """A body over the limit."""

    reason = "too_large"
    status = 413


class TooSlow(Rejected):
    """A body that did not arrive in time."""

    reason = "too_slow"
    status = 408


class TooOften(Rejected):
    """Somebody asks more often than they may; `wait` is in seconds."""

    reason = "too_often"
    status = 429

    def __init__(self, wait: float) -> None:
        super().__init__("This is asked too often. Try again later.")
        self.wait = wait
