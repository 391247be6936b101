"""
Everything that can go wrong, in one tree.

::

    CtiError
    ├── SettingsError          settings that cannot be started with, all faults at once
    ├── Unavailable            the directory could not be asked; never the same as "nobody"
    └── Rejected               a request that is refused, as a problem document
        ├── BadKey             401
        ├── UnknownSource      404
        ├── Unreadable         400
        ├── WrongField          422, names the field
        ├── TooLarge           413
        └── TooSlow            408

Each has a short stable `reason`. It is also the metric label, the log field and the problem's `code`.
No message holds a number, a name or a secret.
"""

from typing import ClassVar


class CtiError(Exception):
    """Root of what this program raises on purpose."""

    reason: str = "error"


class SettingsError(CtiError):
    """Settings that cannot be started with; `faults` names each setting and what is wrong with it."""

    reason = "settings"

    def __init__(self, faults: tuple[str, ...]) -> None:
        super().__init__("; ".join(faults))
        self.faults = faults


class Unavailable(CtiError):  # noqa: N818  # the outcome's own word
    """
    The directory could not be asked.

    `reason`: `timeout`, `connection`, `redirect`, `oversized`, `malformed`, `unauthorized`, `forbidden`,
    `throttled`, `status` (any other status that is no answer), `closed` (this process is stopping).
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


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


class UnknownSource(Rejected):
    """A webhook for a source nobody configured."""

    reason = "unknown_source"
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
