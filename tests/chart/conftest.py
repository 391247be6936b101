"""The chart, loaded once."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import helm_python as helm
import pytest

from tests.chart.release import CHART, Release, install, values_of


@pytest.fixture(scope="session")
def chart() -> Iterator[helm.Chart]:
    with helm.Chart.load(CHART) as loaded:
        yield loaded


@pytest.fixture
def embedded(chart: helm.Chart) -> Release:
    return install(chart, values_of("embedded"))


@pytest.fixture
def external(chart: helm.Chart) -> Release:
    return install(chart, values_of("external"))


@pytest.fixture
def production(chart: helm.Chart) -> Release:
    return install(chart, values_of("production"))


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Give a copy of the chart, to which a test may add files; without the rules and dashboards it has."""
    folder = tmp_path / "helm"
    shutil.copytree(CHART, folder, ignore=shutil.ignore_patterns("rules", "dashboards"))
    return folder
