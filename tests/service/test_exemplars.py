"""OpenMetrics for whoever takes it: the same figures, and with traces an example of each."""

from collections.abc import Callable, Iterator
from typing import Final

import pytest
from prometheus_client.metrics_core import Metric
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from tests.conftest import SettableClock
from tests.service.conftest import Service, StartService
from tests.service.test_metrics import use
from tests.service.tracing import KeptTraces

PROMETHEUS = (
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
    "application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.1"
)


async def scraped(service: Service, accept: str) -> tuple[str, str]:
    async with service.client.get("/metrics", headers={"Accept": accept}) as response:
        assert response.status == 200
        return response.headers["Content-Type"], await response.text()


read: Final[Callable[[str], Iterator[Metric]]] = text_string_to_metric_families  # it has no types


async def families(service: Service) -> list[Metric]:
    """Read what Prometheus gets, as it reads it."""
    kind, text = await scraped(service, PROMETHEUS)
    assert kind == "application/openmetrics-text; version=1.0.0; charset=utf-8"
    return list(read(text))


def with_exemplars(found: list[Metric]) -> Iterator[Sample]:
    return (sample for family in found for sample in family.samples if sample.exemplar is not None)


@pytest.mark.parametrize("accept", ["application/openmetrics-text", PROMETHEUS])
async def test_openmetrics_is_given_to_whoever_takes_it(service: Service, accept: str) -> None:
    kind, text = await scraped(service, accept)

    assert kind.startswith("application/openmetrics-text")
    assert text.endswith("# EOF\n")


@pytest.mark.parametrize("accept", ["*/*", "text/plain", "application/openmetrics-textual", "text/html,,;="])
async def test_everybody_else_is_given_text(service: Service, accept: str) -> None:
    kind, text = await scraped(service, accept)

    assert kind.startswith("text/plain")
    assert "# EOF" not in text


async def test_prometheus_reads_it_and_finds_what_is_in_the_text(service: Service) -> None:
    await use(service)
    found = {sample.name for family in await families(service) for sample in family.samples}
    _, text = await scraped(service, "text/plain")

    assert found == {line.partition("{")[0].partition(" ")[0] for line in text.splitlines() if line[0] != "#"}


async def test_each_bucket_names_the_trace_that_fell_into_it_last(
    start: StartService, clock: SettableClock
) -> None:
    traces = KeptTraces()
    service = await start(traces=traces)
    await use(service)
    found = list(with_exemplars(await families(service)))
    kept = {f"{span.context.trace_id:032x}" for span in traces.ended}

    assert {sample.name for sample in found} == {"cti_lookup_seconds_bucket", "cti_webhook_seconds_bucket"}
    for sample in found:
        assert sample.exemplar is not None
        assert set(sample.exemplar.labels) == {"trace_id"}
        assert sample.exemplar.labels["trace_id"] in kept
        assert sample.exemplar.value <= float(sample.labels["le"])
        assert float(sample.exemplar.timestamp or 0) == clock.now


async def test_without_traces_there_are_no_exemplars(service: Service) -> None:
    await use(service)

    assert list(with_exemplars(await families(service))) == []


async def test_the_text_has_no_exemplars(start: StartService) -> None:
    service = await start(traces=KeptTraces())
    await use(service)

    assert "trace_id" not in await service.metrics()
