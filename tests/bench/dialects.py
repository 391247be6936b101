"""What each dialect costs: one played request verified, read and answered, as a multiple of the generic dialect's."""

from collections.abc import Callable, Iterator
from time import perf_counter
from typing import Final

from multidict import CIMultiDict

from cti_lookup.answers import Lookup, Outcome, encode_call, encode_lookup
from cti_lookup.calls import advance
from cti_lookup.dialects import DIALECTS, Dialect, Facts, Request, Told
from cti_lookup.playing.players import PLAYERS
from cti_lookup.playing.scene import Place, Player, Scene
from cti_lookup.playing.sending import requests
from tests.bench.errors import WrongAnswerError
from tests.bench.figures import Calm, Gate, Measure, Row, Trial, What, trial_row
from tests.bench.stage import Stage

_NOW: Final = 1_795_291_200.0
_URL: Final = "https://cti.example"
_SECRET: Final = b"0123456789abcdef0123456789abcdef"
_PRIVATE_KEY: Final = b"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
_SIGNED_WITH_IT: Final = ("telnyx", "texml")
_MANY: Final = 100
"""Requests in a stretch."""

_STRETCHES: Final = 15
"""Of these the shortest counts: whatever else runs on the core makes one longer, and none shorter."""

_CALM: Final = Calm(0.8, 1.25, unsure=0.15)
"""Wider than elsewhere: a stretch is a few milliseconds, and the gate is far from all that was ever seen."""

_GATE: Final = Gate.most(100.0)
"""More than the dearest signature: what reaches it has a fault."""

_Hear = Callable[[], None]


def dialects(stage: Stage) -> Iterator[Row]:
    """Hear one request again and again, between two stretches of the generic dialect; nothing goes over a socket."""
    generic, rounds = _hearing("generic"), stage.plan.rounds(9, 3)
    for name in DIALECTS:
        if name == "generic":
            continue
        hear = _hearing(name)
        _microseconds(hear)
        trials = [
            Trial(_microseconds(generic), _microseconds(hear), _microseconds(generic)) for _ in range(rounds)
        ]
        row = trial_row(
            What(name, Measure.HEARING, unit="µs"), trials, lambda one: one.ratio, _GATE, calm=_CALM
        )
        stage.say(f"  {name}: {row.ours:.1f} µs, generic {row.base:.1f} µs")
        yield row


def _microseconds(hear: _Hear) -> float:
    return min(_stretch(hear) for _ in range(_STRETCHES)) / _MANY * 1_000_000


def _stretch(hear: _Hear) -> float:
    began = perf_counter()
    for _ in range(_MANY):
        hear()
    return perf_counter() - began


def _hearing(name: str) -> _Hear:
    """Give what verifies, reads and answers the first request of a dialect's script. Raises `WrongAnswerError`."""
    dialect, player = DIALECTS[name], PLAYERS[name]
    secret = _PRIVATE_KEY if name in _SIGNED_WITH_IT else _SECRET
    request, secrets = _request(player, secret), (player.secret_of(secret),)
    facts = Facts(name, "US", _NOW)
    if not dialect.read(request, facts):
        raise WrongAnswerError(f"{name} reads no call in what is played in it")
    told = _told(dialect, request, facts)

    def hear() -> None:
        dialect.greet(request, secrets, _NOW)
        if dialect.verify is not None:
            dialect.verify(request, secrets, _NOW)
        dialect.read(request, facts)
        dialect.answer(told)

    return hear


def _request(player: Player, secret: bytes) -> Request:
    url = f"{_URL}/webhooks/{player.name}"
    scene = Scene("0123456789abcdef" * 2, "+442079460958", "+17135550100", _NOW, _NOW)
    place = Place(url, url, secret, _NOW, "")
    ((_, sent),) = requests(player, scene, place, whole=False, nonces=lambda: "nonce")
    target = sent.url.removeprefix(_URL)
    query = "" if sent.body else target.partition("?")[2]
    return Request(CIMultiDict(sent.headers), query, sent.body, sent.method, target, _URL)


def _told(dialect: Dialect, request: Request, facts: Facts) -> Told:
    event = dialect.read(request, facts)[0]
    call = advance(None, event, _NOW)
    lookup = Lookup(Outcome.UNAVAILABLE, call.caller)
    written = encode_lookup(lookup)
    return Told(request, event, call, lookup, encode_call(call, written), written, f"{_URL}/webhooks/x")
