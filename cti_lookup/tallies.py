"""
Counters and times, kept as plain numbers on the hot path and turned into Prometheus metrics when scraped.

Facts: a counter and a histogram kept so cost 0.13 µs a call, `prometheus_client` with held children 0.9 µs. Labels
are closed sets (outcomes, tiers, reasons) or configured names (sources), never a number, a name or a URL.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector
from prometheus_client.samples import Exemplar

BUCKETS: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 0.8, 0.9, 1.0, 1.5, 5.0)
"""Upper bounds in seconds: memory hits at the left, the directory in the middle, budgets at the right, and what exceeds one is told from what fills it."""


_FEED: Final = ("told", "left", "overtaken", "cut", "dropped")

Bucket = tuple[str, float] | tuple[str, float, Exemplar]


class Times:
    """A histogram of seconds."""

    def __init__(self) -> None:
        self.counts = [0] * (len(BUCKETS) + 1)
        self.total = 0.0

    def add(self, seconds: float) -> None:
        """Note one time."""
        self.counts[bisect_left(BUCKETS, seconds)] += 1
        self.total += seconds

    def cumulative(self) -> list[Bucket]:
        """Give the counts as Prometheus wants them: upper bound, how many were at most that, and perhaps an example."""
        running = 0
        pairs: list[Bucket] = []
        for bound, count in zip((*map(str, BUCKETS), "+Inf"), self.counts, strict=True):
            running += count
            pairs.append((bound, float(running)))
        return pairs


_NOT_FORGOTTEN: Final[dict[tuple[str, ...], int]] = {("not_forgotten",): 0, ("not_read",): 0}
_TURNED_AWAY: Final[dict[tuple[str, ...], int]] = {("full",): 0, ("slow",): 0}
"""Rare and grave: a counter that appears at 1 has not grown, and no alert would see its first time."""


class Tallies(Collector):
    """All that this process counts; each metric is defined by a sentence in `DEFINITIONS` and in the README."""

    def __init__(self) -> None:
        self.lookups: dict[tuple[str, ...], int] = defaultdict(int)
        self.lookup_seconds: dict[str, Times] = defaultdict(Times)
        self.source_lookups: dict[tuple[str, ...], int] = defaultdict(int)
        self.webhook_seconds: dict[str, Times] = defaultdict(Times)
        self.directory: dict[tuple[str, ...], int] = defaultdict(int)
        self.directory_seconds = Times()
        self.loop_lag = Times()
        self.tokens: dict[tuple[str, ...], int] = defaultdict(int)
        self.dropped = 0
        self.redis: dict[tuple[str, ...], int] = defaultdict(int)
        self.webhooks: dict[tuple[str, ...], int] = defaultdict(int)
        self.upstream: dict[tuple[str, ...], int] = defaultdict(int)
        self.handshakes: dict[tuple[str, ...], int] = defaultdict(int)
        self.forgotten: dict[tuple[str, ...], int] = defaultdict(int, _NOT_FORGOTTEN)
        self.turned_away: dict[tuple[str, ...], int] = defaultdict(int, _TURNED_AWAY)
        self.feed: dict[tuple[str, ...], int] = defaultdict(int, {(one,): 0 for one in _FEED})
        self.feed_seconds = Times()
        self.log_errors: dict[tuple[str, ...], int] = defaultdict(int, {("error",): 0})
        self.choices: dict[tuple[str, ...], int] = defaultdict(int, {("person",): 0, ("none",): 0})
        self._gauges: dict[str, Callable[[], float]] = {}

    def count_lookup(self, outcome: str, tier: str, seconds: float) -> None:
        """Count one lookup and its time."""
        self.lookups[outcome, tier] += 1
        self.lookup_seconds[tier].add(seconds)

    def count_source(self, source: str, outcome: str, seconds: float) -> None:
        """Count one answer to a webhook that told of a call, and its time; `source` is a configured name."""
        self.source_lookups[source, outcome] += 1
        self.webhook_seconds[source].add(seconds)

    def count_directory(self, result: str) -> None:
        """Count one request to the directory."""
        self.directory[(result,)] += 1

    def count_token(self, result: str) -> None:
        """Count one request for a token."""
        self.tokens[(result,)] += 1

    def count_dropped(self, people: int) -> None:
        """Count look-alikes that were not shown."""
        self.dropped += people

    def count_redis(self, operation: str, result: str) -> None:
        """Count one operation on Redis."""
        self.redis[operation, result] += 1

    def count_turned_away(self, reason: str) -> None:
        """Count one connection that was ended before it asked anything."""
        self.turned_away[(reason,)] += 1

    def count_webhook(self, source: str, result: str) -> None:
        """Count one webhook."""
        self.webhooks[source, result] += 1

    def count_upstream(self, result: str) -> None:
        """Count one message of the directory."""
        self.upstream[(result,)] += 1

    def count_handshake(self, result: str) -> None:
        """Count one call back to the directory."""
        self.handshakes[(result,)] += 1

    def count_forgotten(self, what: str) -> None:
        """Count something that was forgotten, or should have been."""
        self.forgotten[(what,)] += 1

    def count_feed(self, result: str) -> None:
        """Count one message of the feed."""
        self.feed[(result,)] += 1

    def count_streamed(self, seconds: float) -> None:
        """Count one write to a stream, by how long the oldest news in it has waited."""
        self.feed_seconds.add(seconds)

    def count_log_error(self, reason: str) -> None:
        """Count something that the call log could not share or read."""
        self.log_errors[(reason,)] += 1

    def count_choice(self, choice: str) -> None:
        """Count that an agent said who it was."""
        self.choices[(choice,)] += 1

    def watch(self, name: str, value: Callable[[], float]) -> None:
        """Show a value that is read when scraped; its name stands in `DEFINITIONS`."""
        self._gauges[name] = value

    def collect(self) -> Iterable[Metric]:
        """Turn the numbers into metrics."""
        yield _counter("cti_lookups", ("outcome", "tier"), self.lookups)
        yield _histogram("cti_lookup_seconds", ("tier",), self.lookup_seconds)
        yield _counter("cti_source_lookups", ("source", "outcome"), self.source_lookups)
        yield _histogram("cti_webhook_seconds", ("source",), self.webhook_seconds)
        yield _counter("cti_directory_requests", ("result",), self.directory)
        yield _histogram("cti_directory_seconds", (), {"": self.directory_seconds})
        yield _histogram("cti_loop_lag_seconds", (), {"": self.loop_lag})
        yield _counter("cti_token_requests", ("result",), self.tokens)
        yield _counter("cti_people_dropped", (), {(): self.dropped})
        yield _counter("cti_redis_operations", ("operation", "result"), self.redis)
        yield _counter("cti_webhooks", ("source", "result"), self.webhooks)
        yield _counter("cti_connections_turned_away", ("reason",), self.turned_away)
        yield _counter("cti_upstream_messages", ("result",), self.upstream)
        yield _counter("cti_upstream_handshakes", ("result",), self.handshakes)
        yield _counter("cti_forgotten", ("what",), self.forgotten)
        yield _counter("cti_feed_messages", ("result",), self.feed)
        yield _histogram("cti_feed_seconds", (), {"": self.feed_seconds})
        yield _counter("cti_call_log_errors", ("reason",), self.log_errors)
        yield _counter("cti_choices", ("choice",), self.choices)
        for name, value in self._gauges.items():
            yield GaugeMetricFamily(name, DEFINITIONS[name], value=value())


def _counter(
    name: str, labels: tuple[str, ...], counts: Mapping[tuple[str, ...], int]
) -> CounterMetricFamily:
    family = CounterMetricFamily(name, DEFINITIONS[name], labels=labels)
    for values, count in counts.items():
        family.add_metric(list(values), count)
    return family


def _histogram(name: str, labels: tuple[str, ...], times: Mapping[str, Times]) -> HistogramMetricFamily:
    """Make a histogram with one label, or with none."""
    family = HistogramMetricFamily(name, DEFINITIONS[name], labels=labels)
    for value, one in times.items():
        family.add_metric([value] if labels else [], one.cumulative(), one.total)
    return family


DEFINITIONS: Final = {
    "cti_lookups": "Answers to who is calling, by outcome and by the tier that gave the directory's word.",
    "cti_lookup_seconds": "Time from a caller that was read to the answer, in seconds, by tier.",
    "cti_source_lookups": "Answers to webhooks that told of a call, by source and outcome.",
    "cti_webhook_seconds": "Time from a webhook that told of a call to its answer, in seconds, by source.",
    "cti_directory_requests": "Requests to the directory by result: found, nobody, or why it could not be asked.",
    "cti_directory_seconds": "Time until the directory answered or failed, in seconds; where it was not asked nothing is noted.",
    "cti_loop_lag_seconds": "How late a timer of the event loop came, in seconds, tried four times a second.",
    "cti_token_requests": "Requests for the directory's OAuth token by result: ok, or why there was none.",
    "cti_people_dropped": "People the directory returned who do not carry the number asked for.",
    "cti_redis_operations": "Operations on Redis by result: ok, miss, garbage, future, overtaken, or what was wrong with it.",
    "cti_webhooks": "Webhooks by source and result: accepted, or the reason they were rejected.",
    "cti_connections_turned_away": "Connections that were ended before they asked anything: full (too many), slow (headers that did not come).",
    "cti_upstream_messages": "Messages of the directory by result: changed, verification, other, repeated, or why refused.",
    "cti_upstream_handshakes": "Calls back to the directory by result: verified, or what was wrong.",
    "cti_forgotten": "What was forgotten: number, person, numbers, erased; not_forgotten and not_read is what failed.",
    "cti_feed_messages": "Messages of the feed: told and left (once for all screens), overtaken (a screen whose news were overtaken), cut, dropped.",
    "cti_feed_seconds": "Time from an event that was heard to its being written to a stream, in seconds.",
    "cti_call_log_errors": "What the call log could not share or read, by what was wrong.",
    "cti_choices": "Who it was, as agents said: person, or none of those who were shown.",
    "cti_streams_open": "Screens that listen to this process.",
    "cti_cache_entries": "Answers in the memory tier, fresh and old, and forgotten ones that nobody has asked for since.",
    "cti_calls_remembered": "Names of calls whose events this process still remembers.",
    "cti_quota_remaining": "Requests that are left of the directory's hour, as far as anybody knows.",
    "cti_quota_hourly": "Requests that the directory grants in an hour, as it says itself, or else 3600.",
    "cti_directory_breaker_open": "1 while the directory is left alone because it failed too often.",
    "cti_directory_concurrency": "Requests that may be under way to the directory at this moment.",
    "cti_directory_waiting": "Questions that wait until a request may be under way.",
    "cti_directory_retries": "Requests that were made again since the start.",
    "cti_redis_breaker_open": "1 while Redis is left alone because it failed too often.",
    "cti_notices_silent_seconds": "Seconds since anything was heard of what other replicas forget.",
    "cti_lookups_under_way": "Questions that are being fetched at this moment.",
}
"""Each metric in one sentence; counters are exported with `_total` behind their name."""
