"""
What Zoom Phone tells of a call when it is over: its history, and a voicemail that was left.

Facts: developers.zoom.us, "Zoom Phone Webhooks" and "Migrate Zoom Phone call log webhooks to call elements".
There are three generations of one event: `*_call_log_completed`, `*_call_history_completed` (both with
`call_logs`), `*_call_element_completed` (`call_elements`, the steps of a call). Words for results differ:
"Call connected", "No Answer" in the first, `answered`, `no_answer` in the last. `caller_number_type` 1 is an
extension. Each person who was rung has a history, so that only one that nobody answered says how the call
ended; a person who handed the call on has one while others still talk.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from msgspec.structs import replace

from cti_lookup.dialects.bodies import at, text_of, texts_of
from cti_lookup.dialects.numbers import own_number
from cti_lookup.events import CallEvent, Direction, Happening, Result
from cti_lookup.telephone import Caller, Internal, Withheld, read_caller

_OUTBOUND: Final = frozenset(
    {
        "phone.caller_call_log_completed",
        "phone.caller_call_history_completed",
        "phone.caller_call_element_completed",
    }
)
_VOICEMAIL: Final = "phone.voicemail_received"
HISTORIES: Final = (
    _OUTBOUND | {name.replace("phone.caller", "phone.callee") for name in _OUTBOUND} | {_VOICEMAIL}
)
"""Events that tell of a call that is over."""

_WORDS: Final[Mapping[Result, str]] = {
    Result.ANSWERED: "call connected, connected, answered, accepted, picked up, succeeded, recorded, "
    "auto recorded, answered by other, answered by other member, answered by other device, pickup by other",
    Result.VOICEMAIL: "voicemail",
    Result.MISSED: "missed, no answer, ring timeout, call cancel, call canceled, call cancelled, cancel, "
    "canceled, cancelled, hang up, unconnected, overflowed, abandoned",
    Result.REJECTED: "rejected, busy, blocked, system blocked, blocked by non gal, blocked by info barriers",
    Result.FAILED: "call failed, failed, internal error, wrong number, restricted number, "
    "international disabled, service unavailable, invalid key, invalid operation",
}
_RESULTS: Final[Mapping[str, Result]] = {
    word: result for result, words in _WORDS.items() for word in words.split(", ")
}
_BEST_FIRST: Final = (Result.ANSWERED, Result.VOICEMAIL)
_MOST: Final = 100


def result_of(word: object) -> Result | None:
    """Read a word for how a call or a telephone's part in it ended; None for one that nobody knows."""
    text = (text_of(word) or "").casefold().replace("_", " ").replace("-", " ")
    return _RESULTS.get(text)


def past_calls(
    name: str, told: dict[str, Any], blank: CallEvent, region: str | None
) -> tuple[CallEvent, ...]:
    """Tell the end of each call that a history is of."""
    grouped: dict[str, list[dict[str, Any]]] = {}
    for entry in _entries(told):
        if call_id := text_of(entry.get("call_id")):
            grouped.setdefault(call_id, []).append(entry)
    return tuple(
        _ended(name, entries, replace(blank, provider_id=call_id, key=f"{blank.key}\n{call_id}"), region)
        for call_id, entries in grouped.items()
    )


def _entries(told: dict[str, Any]) -> list[dict[str, Any]]:
    for name in ("call_elements", "call_logs"):
        if isinstance(listed := told.get(name), list):
            return [entry for entry in listed[:_MOST] if isinstance(entry, dict)]
    return [told]


def _ended(name: str, entries: list[dict[str, Any]], blank: CallEvent, region: str | None) -> CallEvent:
    """Tell the end of a call, or where it was answered, of one person's part in it."""
    first, calls = entries[0], name in _OUTBOUND
    theirs, ours = ("callee", "caller") if calls else ("caller", "callee")
    caller, result = _caller(first, theirs, region), _best(map(_result, entries))
    if name == _VOICEMAIL:
        result = Result.VOICEMAIL
    outward = Direction.OUTBOUND if calls else Direction.INBOUND
    return replace(
        blank,
        happening=Happening.ENDED,
        direction=Direction.INTERNAL if isinstance(caller, Internal) else outward,
        caller=caller,
        callee=own_number(_number(first, ours), region),
        display_name=text_of(first.get(f"{theirs}_name")),
        result=result,
        leg="history" if result is Result.ANSWERED else None,
    )


def _number(entry: dict[str, Any], side: str) -> str | None:
    """Give a side's number: the extension of a colleague, else the telephone number."""
    names = [f"{side}_number", f"{side}_did_number", f"{side}_ext_number"]
    if entry.get("connect_type") == "internal":
        names.reverse()
    return next(iter(texts_of(*(entry.get(name) for name in names))), None)


def _caller(entry: dict[str, Any], side: str, region: str | None) -> Caller:
    """Read the other side; one who calls with a hidden number shows none."""
    number = _number(entry, side)
    hides = entry.get("hide_caller_id") is True or entry.get("caller_number_type") == "anonymous_number"
    if hides and side == "caller":
        return Withheld(number or "")
    return read_caller(number, region)


def _result(entry: dict[str, Any]) -> Result | None:
    """Say how one step ended; a voicemail counts where nobody answered."""
    result = result_of(at(entry, "result_reason")) or result_of(at(entry, "result"))
    has_voicemail = entry.get("has_voicemail") is True or text_of(entry.get("voicemail_id"))
    return Result.VOICEMAIL if has_voicemail and result is not Result.ANSWERED else result


def _best(results: Iterable[Result | None]) -> Result | None:
    """Give what counts of several steps: an answer, else a voicemail, else the last that is told."""
    told = [result for result in results if result is not None]
    best = [result for result in _BEST_FIRST if result in told]
    return (best or told[-1:] or [None])[0]
