"""Traces that a test can read."""

from collections.abc import Iterable, Mapping

from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from cti_lookup.opentelemetry_traces import OpenTelemetryTraces, provider_with


class KeptTraces(OpenTelemetryTraces):
    """Traces that are made as in production, and kept here instead of being sent."""

    def __init__(self) -> None:
        self._exporter = InMemorySpanExporter()
        super().__init__(provider_with(SimpleSpanProcessor(self._exporter)))

    @property
    def ended(self) -> tuple[ReadableSpan, ...]:
        """Give the spans that have ended, in that order."""
        return self._exporter.get_finished_spans()

    def clear(self) -> None:
        """Forget them."""
        self._exporter.clear()

    def named(self, name: str) -> ReadableSpan:
        """Give the only span of this name."""
        (found,) = (span for span in self.ended if span.name == name)
        return found


def told(span: ReadableSpan) -> Mapping[str, object]:
    """Give what a span tells."""
    return dict(span.attributes or {})


def parent_of(span: ReadableSpan, spans: Iterable[ReadableSpan]) -> str | None:
    """Give the name of the span that a span is within; None if it is not among these."""
    return next(
        (one.name for one in spans if span.parent and one.context.span_id == span.parent.span_id), None
    )
