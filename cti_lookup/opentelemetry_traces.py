"""
Traces as OpenTelemetry makes and sends them; imported only where they are wanted.

Facts (opentelemetry-sdk 1.45): a span notes the text of an exception that passes through it unless told not to; `tracestate` is free text
of whoever sent it and is exported with every span, so it is not taken over; spans are sent by a thread of the SDK's own, whose last batch
may take as long as the collector likes. `OTEL_TRACES_SAMPLER`, `OTEL_RESOURCE_ATTRIBUTES` and the others are read by the SDK.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from importlib.metadata import version
from threading import Thread
from typing import Final

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_VERSION, Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import (
    NonRecordingSpan,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    set_span_in_context,
)

from cti_lookup.errors import CtiError
from cti_lookup.request_ids import parent_of
from cti_lookup.traces import Attribute, Span, Traces

FAREWELL: Final = 3.0
"""Seconds for the last spans to be sent when the process ends."""

_METHODS: Final = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})
_SERVER_ERROR: Final = 500
_VERSION: Final = version("cti-lookup")
_UNNAMED: Final = "unknown_service"


@asynccontextmanager
async def open_traces(url: str) -> AsyncIterator[Traces]:
    """Send spans to the collector at `url`, by OTLP over HTTP."""
    provider = provider_with(BatchSpanProcessor(OTLPSpanExporter(endpoint=url)))
    try:
        yield OpenTelemetryTraces(provider)
    finally:
        await _within(FAREWELL, provider.shutdown)


def provider_with(processor: SpanProcessor) -> TracerProvider:
    """Make what spans come from; `OTEL_SERVICE_NAME` and `OTEL_RESOURCE_ATTRIBUTES` may name the service otherwise."""
    provider = TracerProvider(resource=_resource(), shutdown_on_exit=False)
    provider.add_span_processor(processor)
    return provider


def _resource() -> Resource:
    given = Resource.create({SERVICE_VERSION: _VERSION})
    is_named = not str(given.attributes.get(SERVICE_NAME, _UNNAMED)).startswith(_UNNAMED)
    return given if is_named else given.merge(Resource({SERVICE_NAME: "cti-lookup"}))


async def _within(seconds: float, work: Callable[[], None]) -> None:
    """Do blocking work, and leave it to itself if it takes too long; an executor's thread would keep the process."""
    loop, done = asyncio.get_running_loop(), asyncio.Event()

    def work_and_tell() -> None:
        try:
            work()
        finally:
            if not loop.is_closed():
                loop.call_soon_threadsafe(done.set)

    Thread(target=work_and_tell, name="farewell to traces", daemon=True).start()
    try:
        async with asyncio.timeout(seconds):
            await done.wait()
    except TimeoutError:
        return  # a collector that does not listen loses what it was to hear


class OpenTelemetryTraces:
    """Makes spans of a provider's."""

    def __init__(self, provider: trace.TracerProvider) -> None:
        self._tracer = provider.get_tracer("cti_lookup", _VERSION)

    @contextmanager
    def request(self, method: str, route: str, headers: Mapping[str, str]) -> Iterator[Span]:
        """Begin the span of a request that came in."""
        told = {
            Attribute.METHOD: method if method in _METHODS else "_OTHER",
            Attribute.ROUTE: route,
        }
        name = f"{told[Attribute.METHOD]} {route}"
        with self._begun(name, SpanKind.SERVER, _context_of(headers)) as span:
            for attribute, value in told.items():
                span.note(attribute, value)
            yield span

    @contextmanager
    def step(self, name: str) -> Iterator[Span]:
        """Begin a span within the present one."""
        with self._within_present(name, SpanKind.INTERNAL) as span:
            yield span

    @contextmanager
    def outward(self, name: str) -> Iterator[Span]:
        """Begin the same for something that is asked of another program."""
        with self._within_present(name, SpanKind.CLIENT) as span:
            yield span

    @contextmanager
    def _within_present(self, name: str, kind: SpanKind) -> Iterator[Span]:
        if not trace.get_current_span().get_span_context().is_valid:
            yield _NOWHERE  # what the process does of its own accord is nobody's request
            return
        with self._begun(name, kind, None) as span:
            yield span

    @contextmanager
    def _begun(self, name: str, kind: SpanKind, context: Context | None) -> Iterator["_OpenSpan"]:
        with self._tracer.start_as_current_span(
            name, context, kind, record_exception=False, set_status_on_exception=False
        ) as begun:
            span = _OpenSpan(begun)
            try:
                yield span
            except BaseException as exc:
                span.fail(exc.reason if isinstance(exc, CtiError) else type(exc).__name__)
                raise

    def note(self, attribute: Attribute, value: str | int) -> None:
        """Tell something of the present span."""
        trace.get_current_span().set_attribute(attribute.value, value)

    @property
    def trace_id(self) -> str:
        """Give the id of the present trace, if it is kept."""
        context = trace.get_current_span().get_span_context()
        return trace.format_trace_id(context.trace_id) if context.trace_flags.sampled else ""

    def passed_on(self) -> dict[str, str]:
        """Give the `traceparent` of the present span."""
        context = trace.get_current_span().get_span_context()
        if not context.is_valid:
            return {}
        ids = trace.format_trace_id(context.trace_id), trace.format_span_id(context.span_id)
        return {"traceparent": f"00-{ids[0]}-{ids[1]}-{context.trace_flags:02x}"}


class _OpenSpan:
    """A span that has not ended."""

    def __init__(self, span: trace.Span) -> None:
        self._span = span

    def note(self, attribute: Attribute, value: str | int) -> None:
        """Tell something of it; a status of ours that is an error makes it one."""
        self._span.set_attribute(attribute.value, value)
        if attribute is Attribute.STATUS and isinstance(value, int) and value >= _SERVER_ERROR:
            self.fail(str(value))

    def fail(self, reason: str) -> None:
        """Tell that it failed; a status has a text of its own, which stays empty."""
        self._span.set_attribute(Attribute.ERROR.value, reason)
        self._span.set_status(Status(StatusCode.ERROR))


_NOWHERE: Final = _OpenSpan(trace.INVALID_SPAN)


def _context_of(headers: Mapping[str, str]) -> Context:
    """Give the context of the sender's span; an empty one if there is none, whatever came before on the connection."""
    parent = parent_of(headers)
    if parent is None:
        return Context()
    flags = TraceFlags(TraceFlags.SAMPLED if parent.sampled else TraceFlags.DEFAULT)
    told = SpanContext(int(parent.trace, 16), int(parent.span, 16), is_remote=True, trace_flags=flags)
    return set_span_in_context(NonRecordingSpan(told), Context())
