"""
How often somebody may ask by hand, so that nobody reads the directory out number by number.

A phone system that shows its key, or signs, is never held up: its calls are what all this is for. Whoever shows a wrong key is, by
address; behind a proxy all have one address, unless its word is taken.
"""

from collections.abc import Callable, Iterable

from aiohttp import web

from cti_lookup.errors import Rejected, TokenExpired, TokenRevoked, TooOften
from cti_lookup.throttle import Throttle
from cti_lookup.web.peers import Proxies

_STRANGERS_A_SECOND = 1.0
_STRANGERS_AT_ONCE = 60
_SECONDS_AT_ONCE = 20
"""How many seconds' worth of questions a key may ask at once: an export, or a page that asks for a list."""
_AGENT_AT_ONCE = 30
_HOUR = 3600.0
_REFUSED = frozenset({401, 403})
_OURS = (TokenExpired, TokenRevoked)
"""Refusals of what this service made itself: nobody guesses, and a desk behind one address has to hear that it needs new ones."""


class Allowances:
    """
    What is left to whom.

    A machine key may ask `key_rate` questions a second, an agent `agent_lookups` an hour; `clock` gives steady seconds.
    """

    def __init__(
        self, *, key_rate: float, agent_lookups: int, proxies: Iterable[str], clock: Callable[[], float]
    ) -> None:
        self._proxies = Proxies(proxies)
        self._strangers = Throttle(_STRANGERS_A_SECOND, _STRANGERS_AT_ONCE, clock)
        self._keys = Throttle(key_rate, max(1, int(key_rate * _SECONDS_AT_ONCE)), clock)
        self._agents = Throttle(agent_lookups / _HOUR, min(agent_lookups, _AGENT_AT_ONCE), clock)

    def take_from_key(self, key: str) -> None:
        """Let the holder of a machine key ask once more. Raises `TooOften`."""
        _check(self._keys.wait(key))

    def take_from_agent(self, subject: str) -> None:
        """Let an agent ask once more. Raises `TooOften`."""
        _check(self._agents.wait(subject))

    def refusal(self, request: web.BaseRequest, rejected: Rejected) -> Rejected:
        """Give what a request is told that is refused: the same each time, until there are too many from its address."""
        if rejected.status not in _REFUSED or isinstance(rejected, _OURS):
            return rejected
        wait = self._strangers.wait(self._proxies.address(request))
        return TooOften(wait) if wait else rejected


def _check(wait: float) -> None:
    if wait:
        raise TooOften(wait)
