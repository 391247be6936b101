"""What a failure says of the directory: whether it is ill, whether it is short of breath, whether it may pass."""

from types import TracebackType
from typing import Final

from cti_lookup.breaker import Breaker
from cti_lookup.errors import Unavailable
from cti_lookup.rservice.tokens import NoToken
from cti_lookup.rservice.wire import BadStatus

DECIDED_HERE: Final = frozenset({"open", "quota", "busy"})
"""Reasons for which the directory was not even asked."""

_PASSING: Final = frozenset({502, 503, 504})
_BREATHLESS: Final = frozenset({429, 503})
_ALIVE: Final = frozenset({"throttled", "unauthorized", "forbidden"})
_SERVER_ERROR: Final = 500


def may_pass(failure: Unavailable) -> bool:
    """Tell whether the same request may succeed moments later; a 503 with `Retry-After` is held back by the quota."""
    if isinstance(failure, BadStatus):
        return failure.status in _PASSING
    return failure.reason == "connection" and not isinstance(failure, NoToken)


def shows_strain(failure: Unavailable) -> bool:
    """Tell whether fewer requests at once might have been answered."""
    if isinstance(failure, BadStatus):
        return failure.status in _BREATHLESS
    return failure.reason == "timeout" and not isinstance(failure, NoToken)


class Admission:
    """
    Lets a request be made only if the breaker admits it, and tells it what came of that. Raises `Unavailable`.

    Silence, broken lines and 5xx are failures: the next request would meet the same. 429, 401 and 403 are not: the
    directory answers, at once, and quota and tokens have limits of their own. Neither are malformed and oversized
    answers, redirects and other statuses: one bad record must not close the directory to all callers, and the wrong
    address in the settings is not healed by waiting. Of these nothing is learned, no more than of one who left.

    A class, as a generator with `contextmanager` takes several times as long, and each request comes by here.
    """

    def __init__(self, breaker: Breaker) -> None:
        self._breaker = breaker

    def __enter__(self) -> None:
        """Be admitted."""
        permit = self._breaker.admit()
        if permit is None:
            raise Unavailable("open")
        self._permit = permit

    def __exit__(
        self, _: type[BaseException] | None, failure: BaseException | None, __: TracebackType | None
    ) -> None:
        """Tell how it went."""
        if failure is None or _is_alive(failure):
            self._breaker.succeeded(self._permit)
        elif _is_ill(failure):
            self._breaker.failed(self._permit)
        else:
            self._breaker.gave_up(self._permit)


def _is_alive(failure: BaseException) -> bool:
    return isinstance(failure, BadStatus) and failure.reason in _ALIVE


def _is_ill(failure: BaseException) -> bool:
    if isinstance(failure, BadStatus):
        return failure.status >= _SERVER_ERROR
    if not isinstance(failure, Unavailable) or isinstance(failure, NoToken):
        return False
    return failure.reason in {"timeout", "connection"}
