"""Shows the corpus' measures at the end of a run, also when everything passes, and whichever process measured."""

from collections.abc import Callable, Iterable
from typing import Any

import pytest

from tests.corpus.score import Scorecard
from tests.corpus.table import table

TABLES = pytest.StashKey[dict[str, list[str]]]()
_SENT = "corpus tables"

Publish = Callable[[str, Iterable[Scorecard]], None]


@pytest.fixture(scope="session")
def publish(pytestconfig: pytest.Config) -> Publish:
    """Give a function that has a table shown under a heading when all tests are done."""

    def show(heading: str, cards: Iterable[Scorecard]) -> None:
        pytestconfig.stash.setdefault(TABLES, {})[heading] = table(cards)

    return show


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Send the tables to who shows them, if this process is one of several that run tests."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput[_SENT] = session.config.stash.get(TABLES, {})


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take over the tables of a process that has run its tests; one that crashed sent none."""
    sent: dict[str, list[str]] = getattr(node, "workeroutput", {}).get(_SENT, {})
    node.config.stash.setdefault(TABLES, {}).update(sent)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    for heading, lines in config.stash.get(TABLES, {}).items():
        terminalreporter.section(heading)
        for line in lines:
            terminalreporter.write_line(line)
