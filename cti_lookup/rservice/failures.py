"""What a failure says of the directory: whether it is ill, whether it is short of breath, whether it may pass."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from cti_lookup.breaker import Breaker
from cti_lookup.errors import Unavailable
from cti_lookup.rservice.concurrency import Slot
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


@contextmanager
def admitted(breaker: Breaker) -> Iterator[None]:
    """
    Ask only if the breaker admits it, and tell it what came of that. Raises `Unavailable`.

    Silence, broken lines and 5xx are failures: the next request would meet the same. 429, 401 and 403 are not: the
    directory answers, at once, and quota and tokens have limits of their own. Neither are malformed and oversized
    answers, redirects and other statuses: one bad record must not close the directory to all callers, and the wrong
    address in the settings is not healed by waiting. Of these nothing is learned, no more than of one who left.
    """
    permit = breaker.admit()
    if permit is None:
        raise Unavailable("open")
    try:
        yield
    except Unavailable as failure:
        if _is_ill(failure):
            breaker.failed(permit)
        elif isinstance(failure, BadStatus) and failure.reason in _ALIVE:
            breaker.succeeded(permit)
        else:
            breaker.gave_up(permit)
        raise
    except BaseException:  # cancelled
        breaker.gave_up(permit)
        raise
    breaker.succeeded(permit)


def _is_ill(failure: Unavailable) -> bool:
    if isinstance(failure, BadStatus):
        return failure.status >= _SERVER_ERROR
    return failure.reason in {"timeout", "connection"} and not isinstance(failure, NoToken)


@contextmanager
def observed(slot: Slot) -> Iterator[None]:
    """Tell a slot what its request says about the number of slots there should be."""
    try:
        yield
    except Unavailable as failure:
        if shows_strain(failure):
            slot.showed_strain()
        raise
    slot.went_well()
