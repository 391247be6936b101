"""What the service needs of traces, in its own words; nothing here knows OpenTelemetry, which may not be installed."""

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Final, Protocol

from cti_lookup.vocabulary import Word


class Attribute(Word):
    """
    All that a span may tell; the names are OpenTelemetry's where it has one.

    Their values are words of this program, names of sources in its settings, templates of paths, statuses and ids of requests.
    """

    METHOD = "http.request.method"
    ROUTE = "http.route"
    STATUS = "http.response.status_code"
    ERROR = "error.type"
    DATABASE = "db.system.name"
    OPERATION = "db.operation.name"
    REQUEST = "cti.request"
    SOURCE = "cti.source"
    RESULT = "cti.result"
    OUTCOME = "cti.outcome"
    TIER = "cti.tier"
    PURPOSE = "cti.purpose"


class Span(Protocol):
    """One stretch of a request's way."""

    def note(self, attribute: Attribute, value: str | int) -> None:
        """Tell something of it."""
        ...

    def fail(self, reason: str) -> None:
        """Tell that it failed, in one word."""
        ...


class Traces(Protocol):
    """Where spans are made. What is raised inside of one is told by its kind, never by its text."""

    def request(self, method: str, route: str, headers: Mapping[str, str]) -> AbstractContextManager[Span]:
        """Begin the span of a request that came in; it belongs to its sender's, if that names one."""
        ...

    def step(self, name: str) -> AbstractContextManager[Span]:
        """Begin a span within the present one; where there is none, nothing is told."""
        ...

    def outward(self, name: str) -> AbstractContextManager[Span]:
        """Begin the same for something that is asked of another program."""
        ...

    def note(self, attribute: Attribute, value: str | int) -> None:
        """Tell something of the present span."""
        ...

    @property
    def trace_id(self) -> str:
        """Give the id of the present trace, if it is kept; '' if not."""
        ...

    def passed_on(self) -> dict[str, str]:
        """Give the header by which another program's spans belong to the present one."""
        ...


class _NoSpan:
    """The span of a service that makes none."""

    def note(self, attribute: Attribute, value: str | int) -> None:
        """Tell nobody."""

    def fail(self, reason: str) -> None:
        """Tell nobody."""


_NO_SPAN: Final = _NoSpan()


class NoTraces:
    """The traces of a service that makes none."""

    trace_id: str = ""

    def request(self, method: str, route: str, headers: Mapping[str, str]) -> AbstractContextManager[Span]:  # noqa: ARG002  # the port's signature
        """Begin nothing."""
        return nullcontext(_NO_SPAN)

    def step(self, name: str) -> AbstractContextManager[Span]:  # noqa: ARG002  # the port's signature
        """Begin nothing."""
        return nullcontext(_NO_SPAN)

    outward = step

    def note(self, attribute: Attribute, value: str | int) -> None:
        """Tell nobody."""

    def passed_on(self) -> dict[str, str]:
        """Name no span."""
        return {}


NO_TRACES: Final = NoTraces()
