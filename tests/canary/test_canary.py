"""
What is personal or secret is planted in every place of every request, and found in nothing that the service leaves behind.

Numbers, names, e-mails, keys, tokens and secrets go through all routes, all dialects and the directory's answers, good and bad ones.
Secrets come to the process in its environment, which is how they are handed over; its command line, and those of all others, hold none.
"""

from collections.abc import Mapping

import pytest

from cti_lookup.web import pages
from tests.canary.planting import PLANTED, traces_in
from tests.canary.scene import Evidence, gather, routes

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def evidence(tmp_path_factory: pytest.TempPathFactory) -> Evidence:
    return gather(tmp_path_factory.mktemp("canary"))


def tokens_of(evidence: Evidence) -> Mapping[str, tuple[str, ...]]:
    """Give what of an agent's token nobody may keep: its claims, and its signature."""
    parts = [part for one in evidence.tokens for part in one.split(".")[1:]]
    return {"an agent's token": tuple(parts)}


def found_in(content: bytes, evidence: Evidence) -> list[str]:
    assert content
    return traces_in(content, tokens_of(evidence))


def test_every_route_was_asked_and_those_that_can_be_answered_well_were(evidence: Evidence) -> None:
    own = {f"{method} {template}" for method, template in routes()}
    without_a_page = set() if pages.PAGE in pages.files_in() else {"GET /", "GET /pop"}

    assert own - evidence.well == without_a_page
    assert {200, 201, 204, 400, 401, 404, 422} <= evidence.statuses
    assert 500 not in evidence.statuses


def test_what_is_planted_is_found_where_it_belongs(evidence: Evidence) -> None:
    told = found_in(evidence.answers, evidence)

    assert {"a caller's number", "a caller's name", "a caller's e-mail", "an agent's token"} <= set(told)
    assert {"a caller's number", "the directory's token"} <= set(found_in(evidence.directory, evidence))
    assert found_in(evidence.foreign_exceptions, evidence) != []


@pytest.mark.parametrize("what", PLANTED)
def test_each_of_what_is_planted_would_be_found(what: str) -> None:
    for text in PLANTED[what]:
        assert what in traces_in(f"…{text}…".encode())


def test_no_line_of_the_log_holds_anything(evidence: Evidence) -> None:
    assert b'"event":"webhook"' in evidence.log
    assert "+4420•••9173".encode() in evidence.log
    assert found_in(evidence.log, evidence) == []


def test_no_metric_holds_anything(evidence: Evidence) -> None:
    assert b"cti_webhooks_total{" in evidence.metrics
    assert found_in(evidence.metrics, evidence) == []


def test_no_key_in_redis_holds_anything(evidence: Evidence) -> None:
    assert evidence.redis_keys.count(b"cti:") > 20
    assert found_in(evidence.redis_keys, evidence) == []


def test_no_value_in_redis_holds_anything_as_it_stands_or_as_it_is_dumped(evidence: Evidence) -> None:
    assert found_in(evidence.redis_values, evidence) == []


def test_nothing_that_redis_was_ever_told_holds_anything(evidence: Evidence) -> None:
    assert b'"MGET"' in evidence.redis_heard or b'"GET"' in evidence.redis_heard
    assert found_in(evidence.redis_heard, evidence) == []


def test_no_process_shows_anything_on_its_command_line(evidence: Evidence) -> None:
    assert b"tests.canary.traced" in evidence.processes
    assert found_in(evidence.processes, evidence) == []


def test_no_exception_of_our_own_holds_anything_in_its_text(evidence: Evidence) -> None:
    assert b"BadKey" in evidence.own_exceptions
    assert found_in(evidence.own_exceptions, evidence) == []


def test_no_refusal_repeats_anything(evidence: Evidence) -> None:
    assert b'"code":"unreadable"' in evidence.refusals
    assert found_in(evidence.refusals, evidence) == []
