"""Imports point one way: a module uses what stands below it, and nothing beside or above."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

PACKAGE: Final = Path(__file__).parents[2] / "cti_lookup"

LAYERS: Final = (
    # what knows nothing of callers: the error tree, tasks with an owner, clocks, a breaker, JSON
    {
        "addresses",
        "background",
        "breaker",
        "deferred",
        "errors",
        "health",
        "keys",
        "saying",
        "strict_json",
        "times",
        "vocabulary",
    },
    {"redis_addresses", "request_ids", "traces"},
    {"opentelemetry_traces"},
    # core: no I/O, no clock
    {"telephone.glyphs", "telephone.plan", "telephone.words"},
    {"telephone.caller", "telephone.written"},
    {"telephone"},
    {"people", "events"},
    {"matching", "calls.call"},
    {"calls.repeats", "calls.watching", "calls.whole"},
    {"calls.legs"},
    {"calls.advancing"},
    {"calls.book"},
    {"calls"},
    # edges of the core
    {"answers", "messages", "questions", "rservice"},
    {"rservice.wire", "reading"},
    {"rservice.writers"},
    {"rservice.signatures", "rservice.upstream"},
    # how phone systems write
    {
        "dialects.bodies",
        "dialects.dialect",
        "dialects.lines",
        "dialects.moments",
        "dialects.threecx_template",
        "dialects.xml",
    },
    {"dialects.numbers", "dialects.verifying"},
    {
        "dialects.aircall",
        "dialects.amazon_connect",
        "dialects.ed25519",
        "dialects.generic",
        "dialects.parties",
        "dialects.phones",
        "dialects.placetel",
        "dialects.ringcentral",
        "dialects.tokens",
        "dialects.webex",
        "dialects.yeastar",
        "dialects.zoom_history",
    },
    {
        "dialects.action_url",
        "dialects.cnam",
        "dialects.dialpad",
        "dialects.envelopes",
        "dialects.outside",
        "dialects.poly",
        "dialects.sipgate",
        "dialects.threecx",
        "dialects.twilio_forms",
        "dialects.zoom",
    },
    {
        "dialects.cloudevents",
        "dialects.standard_webhooks",
        "dialects.telnyx",
        "dialects.twilio",
        "dialects.vonage",
    },
    {"dialects.plivo", "dialects.signalwire", "dialects.texml"},
    {"dialects"},
    # how a phone system that nobody named writes, as its administrator describes it
    {
        "dialects.custom.fields",
        "dialects.custom.moments",
        "dialects.custom.tables",
        "dialects.custom.transforms",
    },
    {"dialects.custom.templates", "dialects.custom.values"},
    {"dialects.custom.jwts", "dialects.custom.reading", "dialects.custom.words"},
    {"dialects.custom.answers", "dialects.custom.meaning", "dialects.custom.verifiers"},
    {"dialects.custom.auth"},
    {"dialects.custom.description"},
    {"dialects.custom"},
    {"ports"},
    # mechanics of memory
    {
        "cache",
        "cache.coalescing",
        "cache.failures",
        "cache.fence",
        "cache.flights",
        "cache.redis_line",
        "cache.scripts",
        "cache.waits",
    },
    {"cache.redis_clients"},
    {"cache.memory", "cache.redis_link", "cache.sealing", "cache.stored"},
    {"cache.naming", "cache.renewals", "cache.stored_calls", "cache.traced_link"},
    {"cache.outbox", "cache.shared_call", "cache.vault"},
    {"cache.shared_busiest", "cache.shared_calls"},
    {"cache.turns"},
    {"cache.redis_tier"},
    {"cache.notices"},
    # mechanics of asking
    {"rservice.rate_headers", "rservice.resolving"},
    {"rservice.quota_windows"},
    {
        "rservice.concurrency",
        "rservice.handshake",
        "rservice.quota",
        "rservice.retries",
        "rservice.transport",
    },
    {"rservice.tokens", "cache.shared_quota"},
    {"rservice.failures"},
    {"rservice.asking"},
    {"rservice.client"},
    # mechanics of the process
    {"lag", "logs", "settings", "tallies", "timed", "windows"},
    # calls to try it with
    {"playing", "playing.scene"},
    {"playing.signing"},
    {"playing.carriers", "playing.clouds", "playing.pbxes", "playing.words"},
    {"playing.players", "playing.sending"},
    {"demonstration", "demonstration.samples"},
    {"demonstration.staging"},
    {"demonstration.stage"},
    {"playing.command", "rates", "rehearsal"},
    {"shapes"},
    {"embedded", "preloading", "sharing", "sweeping"},
    {"directories", "replicas"},
    # use cases
    {"throttle"},
    {"fetching", "invalidation", "explain", "upstream"},
    {"audit", "colleagues", "lookup", "warming"},
    {"traced"},
    # what an agent's screen is told
    {"feed", "feed.agents"},
    {"feed.audience", "feed.tokens"},
    {"feed.entry", "feed.revocations"},
    {"feed.changes", "feed.frames"},
    {"feed.board", "feed.choices", "feed.viewer"},
    {"feed.live"},
    {"feed.log", "feed.looking_after", "feed.records", "feed.shared_choices"},
    {"feed.kept", "feed.publishing", "feed.screen", "feed.shared_log", "feed.shared_revocations"},
    {"feed.hearing", "feed.taking_over"},
    {"feed.sharing"},
    {"feed.opening"},
    {"ringing", "erasure"},
    # a recorded day, played against the lookup
    {"replaying", "replaying.passing", "replaying.sample", "replaying.simulated", "replaying.measured"},
    {"replaying.charts", "replaying.day", "replaying.options"},
    {"replaying.replay"},
    # web
    {"web"},
    {"web.answers", "web.line", "web.peers", "web.tracks"},
    {"web.door"},
    {"web.allowances"},
    {"web.keys"},
    {"web.access", "web.bodies", "web.one_piece", "web.problems"},
    {"web.origins"},
    {"web.unserved", "web.visitors"},
    {
        "web.administration",
        "web.agent_tokens",
        "web.call_log",
        "web.demo",
        "web.lookups",
        "web.operations",
        "web.pages",
        "web.stats",
        "web.streams",
        "web.upstream",
        "web.webhooks",
    },
    # what describes it, made when it is asked for
    {"web.openapi", "web.openapi.examples", "web.openapi.schemas"},
    {"web.openapi.parameters", "web.openapi.problems"},
    {"web.openapi.operations"},
    {
        "web.openapi.agent_paths",
        "web.openapi.event_paths",
        "web.openapi.lookup_paths",
        "web.openapi.operation_paths",
    },
    {"web.openapi.document"},
    {"web.openapi.feed_document"},
    {"web.descriptions"},
    {"web.express", "web.threecx"},
    # root
    {"app"},
    {"demonstration_app", "serve", "terminal"},
    {"replaying.command"},
    {"directory_import_commands"},
    {
        "check_command",
        "directory_commands",
        "health_command",
        "lookup_command",
        "serve_command",
        "token_command",
    },
    {"cli"},
    {"__main__"},
)
"""Lowest first. A module imports from the rows above its own in this table, never from its own."""

APART: Final = "directory"
"""The embedded directory is a program of its own, met only over HTTP."""

MAY_START_THE_DIRECTORY: Final = {
    "directory_commands",
    "directory_import_commands",
    "embedded",
    "serve_command",
}
WORDS_THAT_SAY_NOTHING: Final = {"base", "common", "helper", "helpers", "manager", "misc", "util", "utils"}


def name_of(path: Path) -> str:
    """Give a module's name within the package; the package itself is ''."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES: Final = {name_of(path): path for path in sorted(PACKAGE.rglob("*.py"))}
SERVICE: Final = sorted(name for name in MODULES if name and name.split(".")[0] != APART)
DIRECTORY: Final = sorted(name for name in MODULES if name.split(".")[0] == APART)
LAYER_OF: Final = {name: layer for layer, names in enumerate(LAYERS) for name in names}


def imported(name: str) -> set[str]:
    """Name the package's modules that a module imports."""
    return set(_imported(ast.parse(MODULES[name].read_text())))


def _imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield from _deferred(node.value)
        elif isinstance(node, ast.Import):
            yield from (one.name.partition(".")[2] for one in node.names if _is_ours(one.name))
        elif isinstance(node, ast.ImportFrom) and node.module and _is_ours(node.module):
            module = node.module.partition(".")[2]
            for one in node.names:
                inner = f"{module}.{one.name}".lstrip(".")
                yield inner if inner in MODULES else module


def _deferred(text: str) -> Iterator[str]:
    """Read the place of something that is imported later; see `deferred`."""
    if place := re.fullmatch(rf"{PACKAGE.name}\.([a-z0-9_.]+):[A-Za-z0-9_]+", text):
        yield place[1]


def _is_ours(module: str) -> bool:
    return module.partition(".")[0] == PACKAGE.name


def belongs_to_the_directory(name: str) -> bool:
    return name.partition(".")[0] == APART


def test_every_module_of_the_service_has_its_layer() -> None:
    assert set(SERVICE) == set(LAYER_OF)


@pytest.mark.parametrize("name", SERVICE)
def test_a_module_imports_only_from_layers_below_its_own(name: str) -> None:
    others = {other for other in imported(name) if not belongs_to_the_directory(other)}

    assert {other for other in others if LAYER_OF[other] >= LAYER_OF[name]} == set()


@pytest.mark.parametrize("name", DIRECTORY)
def test_the_embedded_directory_shares_no_code_with_the_service(name: str) -> None:
    assert {other for other in imported(name) if not belongs_to_the_directory(other)} == set()


def test_nobody_but_the_root_starts_the_embedded_directory() -> None:
    starters = {name for name in SERVICE if any(map(belongs_to_the_directory, imported(name)))}

    assert starters <= MAY_START_THE_DIRECTORY


def test_the_root_knows_the_directory_by_its_front_door_only() -> None:
    inner = {
        other for name in MAY_START_THE_DIRECTORY for other in imported(name) if other.startswith(f"{APART}.")
    }

    assert inner == set()


@pytest.mark.parametrize("name", sorted(MODULES))
def test_no_import_hides_inside_a_function(name: str) -> None:
    tree = ast.parse(MODULES[name].read_text())
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    inside = [node for function in functions for node in ast.walk(function)]

    assert not any(isinstance(node, ast.Import | ast.ImportFrom) for node in inside)


@pytest.mark.parametrize("name", sorted(MODULES))
def test_a_modules_name_says_what_it_holds(name: str) -> None:
    assert name.rpartition(".")[2] not in WORDS_THAT_SAY_NOTHING
