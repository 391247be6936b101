"""Shows the corpus' measures at the end of a run, also when everything passes."""

from collections.abc import Callable, Iterable

import pytest

from tests.corpus.score import Scorecard
from tests.corpus.table import table

TABLES = pytest.StashKey[dict[str, list[str]]]()

Publish = Callable[[str, Iterable[Scorecard]], None]


@pytest.fixture(scope="session")
def publish(pytestconfig: pytest.Config) -> Publish:
    """Give a function that has a table shown under a heading when all tests are done."""

    def show(heading: str, cards: Iterable[Scorecard]) -> None:
        pytestconfig.stash.setdefault(TABLES, {})[heading] = table(cards)

    return show


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    for heading, lines in config.stash.get(TABLES, {}).items():
        terminalreporter.section(heading)
        for line in lines:
            terminalreporter.write_line(line)
