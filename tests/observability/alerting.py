"""What series make each alert fire, and what series do not; times are minutes since Thursday, 1 January 1970, UTC."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

RELEASE: Final = {"namespace": "desk", "job": "cti-lookup"}
ONE: Final = {**RELEASE, "instance": "a:8080"}
DESK: Final = {**RELEASE, "source": "front-desk"}


@dataclass(frozen=True)
class Series:
    """One series of a replica: its name, its values in promtool's notation, its labels."""

    text: str
    values: str


def series(name: str, values: str, labels: Mapping[str, str] = ONE, **more: str) -> Series:
    """Write a series as Prometheus names it."""
    written = ",".join(f'{key}="{value}"' for key, value in {**labels, **more}.items())
    return Series(f"{name}{{{written}}}", values)


def buckets(name: str, per_minute: Mapping[str, int], minutes: int, **more: str) -> tuple[Series, ...]:
    """Give a histogram that grows evenly."""
    return tuple(
        series(f"{name}_bucket", f"0+{count}x{minutes}", ONE | {"le": bound, **more})
        for bound, count in per_minute.items()
    )


@dataclass(frozen=True)
class Case:
    """
    What happens, and whether the alert fires at `minute`.

    `labels` are those of the alert beside its severity, `value` is how its description tells the value; none where the alert is
    not to fire.
    """

    name: str
    alert: str
    happens: tuple[Series, ...]
    minute: int
    labels: Mapping[str, str] = field(default_factory=dict)
    value: str | None = None


def fires(alert: str, minute: int, *happens: Series, value: str = "", **labels: str) -> Case:
    """Say what makes an alert fire."""
    return Case(f"{alert} fires", alert, happens, minute, labels, value)


def rests(alert: str, why: str, minute: int, *happens: Series) -> Case:
    """Say what does not."""
    return Case(f"{alert} rests: {why}", alert, happens, minute)


def _lookups(outcome: str, tier: str, values: str) -> Series:
    return series("cti_lookups_total", values, outcome=outcome, tier=tier)


def _callers(outcome: str, values: str) -> Series:
    return series("cti_source_lookups_total", values, source="front-desk", outcome=outcome)


def _webhooks(result: str, values: str, source: str = "front-desk") -> Series:
    return series("cti_webhooks_total", values, source=source, result=result)


def _asked(result: str, values: str) -> Series:
    return series("cti_directory_requests_total", values, result=result)


def _redis(operation: str, result: str, values: str) -> Series:
    return series("cti_redis_operations_total", values, operation=operation, result=result)


def _turned_away(reason: str, values: str) -> Series:
    return series("cti_connections_turned_away_total", values, reason=reason)


CASES: Final = (
    fires("CtiDown", 5, series("up", "0x10"), **ONE),
    rests("CtiDown", "it is up", 5, series("up", "1x10")),
    rests("CtiDown", "something else is down", 5, series("up", "0x10", ONE | {"job": "node"})),
    rests("CtiDown", "it was down for a minute", 8, series("up", "1x4 0 1x10")),
    fires("CtiAbsent", 6, series("up", "1x10")),
    rests("CtiAbsent", "there is one", 6, series("cti_cache_entries", "5x10")),
    fires(
        "CtiUnavailable",
        15,
        _lookups("unavailable", "none", "0+6x20"),
        _lookups("matched", "memory", "0+54x20"),
        value="10%",
        **RELEASE,
    ),
    rests(
        "CtiUnavailable",
        "one in a hundred",
        15,
        _lookups("unavailable", "none", "0+1x20"),
        _lookups("matched", "memory", "0+99x20"),
    ),
    rests(
        "CtiUnavailable",
        "two on a quiet night",
        15,
        _lookups("unavailable", "none", "0x10 1 2x20"),
        _lookups("matched", "memory", "5x30"),
    ),
    fires(
        "CtiWebhooksSlow",
        20,
        *buckets("cti_webhook_seconds", {"0.9": 90, "1.5": 100, "+Inf": 100}, 30, source="front-desk"),
        value="1.44s",
        **RELEASE,
    ),
    rests(
        "CtiWebhooksSlow",
        "a tenth is pending when the budget ends",
        20,
        *buckets("cti_webhook_seconds", {"0.8": 90, "0.9": 100, "+Inf": 100}, 30, source="front-desk"),
    ),
    rests(
        "CtiWebhooksSlow",
        "all within 50 ms",
        20,
        *buckets("cti_webhook_seconds", {"0.05": 100, "+Inf": 100}, 30, source="front-desk"),
    ),
    fires(
        "CtiHitRateFell",
        1560,
        _lookups("matched", "memory", "0+90x1500 135030+30x90"),
        _lookups("matched", "directory", "0+10x1500 15070+70x90"),
        value="30%",
        **RELEASE,
    ),
    rests(
        "CtiHitRateFell",
        "as always",
        1560,
        _lookups("matched", "memory", "0+90x1600"),
        _lookups("matched", "directory", "0+10x1600"),
    ),
    rests(
        "CtiHitRateFell",
        "three calls at night",
        1560,
        _lookups("matched", "memory", "0+90x1500 135000x90"),
        _lookups("matched", "directory", "0+10x1500 15000x50 15001 15002 15003x40"),
    ),
    fires(
        "CtiMatchRateFell",
        1620,
        _callers("matched", "0+8x1500 12001+1x200"),
        _callers("nobody", "0+2x1500 3009+9x200"),
        value="10%",
        **DESK,
    ),
    rests(
        "CtiMatchRateFell", "as always", 1620, _callers("matched", "0+8x1700"), _callers("nobody", "0+2x1700")
    ),
    fires("CtiSourceSilent", 680, _webhooks("accepted", "0+1x600 600x90"), **DESK),
    rests("CtiSourceSilent", "it rings", 680, _webhooks("accepted", "0+1x700")),
    rests("CtiSourceSilent", "it is night", 1320, _webhooks("accepted", "0+1x1080 1080x300")),
    rests("CtiSourceSilent", "it is Saturday", 3480, _webhooks("accepted", "0+1x2900 2900x600")),
    rests("CtiSourceSilent", "it never rang much", 680, _webhooks("accepted", "0x100 1+1x9 10x600")),
    fires(
        "CtiSignaturesFailing",
        20,
        _webhooks("signature", "0+5x30"),
        _webhooks("accepted", "0+5x30"),
        value="50",
        **DESK,
    ),
    rests(
        "CtiSignaturesFailing",
        "one in a hundred",
        20,
        _webhooks("signature", "0+1x30"),
        _webhooks("accepted", "0+99x30"),
    ),
    rests("CtiSignaturesFailing", "strangers knock", 20, _webhooks("bad_key", "0+50x30", source="unknown")),
    fires(
        "CtiStreamsCut",
        20,
        series("cti_feed_messages_total", "0+5x30", result="cut"),
        value="50",
        **RELEASE,
    ),
    rests(
        "CtiStreamsCut",
        "all is told",
        20,
        series("cti_feed_messages_total", "0+50x30", result="told"),
        series("cti_feed_messages_total", "0x10 1x30", result="cut"),
    ),
    fires("CtiStreamsGone", 620, series("cti_streams_open", "9x605 0x90"), **RELEASE),
    rests("CtiStreamsGone", "some listen", 620, series("cti_streams_open", "9x605 2x90")),
    rests("CtiStreamsGone", "the day is over", 1220, series("cti_streams_open", "9x1205 0x90")),
    fires(
        "CtiDirectorySlow",
        20,
        *buckets("cti_directory_seconds", {"0.8": 80, "1.5": 100, "+Inf": 100}, 30),
        value="1.325s",
        **RELEASE,
    ),
    rests(
        "CtiDirectorySlow",
        "as the sample calls of the API took",
        20,
        *buckets("cti_directory_seconds", {"0.25": 0, "0.5": 100, "+Inf": 100}, 30),
    ),
    fires(
        "CtiDirectoryFailing",
        15,
        _asked("status", "0+5x20"),
        _asked("found", "0+5x20"),
        _asked("open", "0+90x20"),
        value="50%",
        **RELEASE,
    ),
    rests(
        "CtiDirectoryFailing",
        "nobody is known, and our own limits are no failures",
        15,
        _asked("nobody", "0+50x20"),
        _asked("busy", "0+90x20"),
    ),
    rests(
        "CtiDirectoryFailing",
        "one time-out on a quiet night",
        15,
        _asked("timeout", "0x10 1x20"),
        _asked("found", "5x30"),
    ),
    fires("CtiDirectoryRefusesToken", 15, _asked("unauthorized", "0+1x20"), value="10", **RELEASE),
    fires(
        "CtiDirectoryRefusesToken",
        15,
        series("cti_token_requests_total", "0+2x20", result="unauthorized"),
        value="20",
        **RELEASE,
    ),
    rests(
        "CtiDirectoryRefusesToken",
        "tokens are fetched",
        15,
        series("cti_token_requests_total", "0+2x20", result="ok"),
        _asked("timeout", "0+9x20"),
    ),
    fires(
        "CtiQuotaLow",
        5,
        series("cti_quota_remaining", "500x10"),
        series("cti_quota_hourly", "3600x10"),
        value="13.89%",
        **RELEASE,
    ),
    rests(
        "CtiQuotaLow",
        "half is left",
        5,
        series("cti_quota_remaining", "1800x10"),
        series("cti_quota_hourly", "3600x10"),
    ),
    fires("CtiQuotaUsedUp", 15, _asked("quota", "0+4x20"), value="20", **RELEASE),
    rests("CtiQuotaUsedUp", "all is asked", 15, _asked("found", "0+40x20"), _asked("quota", "3x20")),
    fires(
        "CtiRedisFailing",
        15,
        _redis("read", "timeout", "0+2x20"),
        _redis("read", "skipped", "0+8x20"),
        _redis("read", "ok", "0+10x20"),
        value="50%",
        **RELEASE,
    ),
    rests(
        "CtiRedisFailing",
        "what is not there is no failure",
        15,
        _redis("get", "miss", "0+50x20"),
        _redis("read", "ok", "0+50x20"),
    ),
    fires(
        "CtiRedisRefuses", 15, _redis("fill", "readonly", "0+1x20"), value="10", **RELEASE, result="readonly"
    ),
    rests("CtiRedisRefuses", "a time-out is no refusal", 15, _redis("fill", "timeout", "0+9x20")),
    fires("CtiRedisGarbage", 25, _redis("get", "garbage", "0+1x30"), value="15", **RELEASE),
    rests("CtiRedisGarbage", "a few, as versions change", 25, _redis("get", "garbage", "0x5 4x30")),
    fires("CtiNoticesSilent", 5, series("cti_notices_silent_seconds", "60x10"), value="1m 0s", **ONE),
    rests("CtiNoticesSilent", "a heartbeat a second", 5, series("cti_notices_silent_seconds", "1x10")),
    fires(
        "CtiNotForgotten",
        30,
        series("cti_forgotten_total", "0x20 1x20", what="not_forgotten"),
        value="1",
        **RELEASE,
    ),
    rests(
        "CtiNotForgotten",
        "all was forgotten",
        30,
        series("cti_forgotten_total", "0+1x40", what="person"),
        series("cti_forgotten_total", "0x40", what="not_forgotten"),
    ),
    fires(
        "CtiLoopLagging",
        20,
        *buckets("cti_loop_lag_seconds", {"0.1": 90, "0.25": 100, "+Inf": 100}, 30),
        value="235ms",
        **ONE,
    ),
    rests(
        "CtiLoopLagging",
        "a few milliseconds",
        20,
        *buckets("cti_loop_lag_seconds", {"0.005": 100, "+Inf": 100}, 30),
    ),
    fires(
        "CtiFilesRunOut",
        8,
        series("process_open_fds", "900x10"),
        series("process_max_fds", "1000x10"),
        series("cti_cache_entries", "5x10"),
        value="90%",
        **ONE,
    ),
    rests(
        "CtiFilesRunOut",
        "another program's",
        8,
        series("process_open_fds", "900x10", ONE | {"job": "node"}),
        series("process_max_fds", "1000x10", ONE | {"job": "node"}),
        series("cti_cache_entries", "5x10"),
    ),
    fires("CtiConnectionsFull", 10, _turned_away("full", "0+6x20"), value="30", **ONE),
    rests("CtiConnectionsFull", "somebody was slow", 10, _turned_away("slow", "0+60x20")),
    rests("CtiConnectionsFull", "a few at once", 10, _turned_away("full", "0x5 6x10")),
)
