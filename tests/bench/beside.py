"""A scene whose variants are measured for speed, between two bare handlers that answer the same bytes."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager

from tests.bench.figures import Round, Row, believable, row, self_ratio, uncertainty
from tests.bench.processes import running
from tests.bench.rounds import Bench, Patience, record_answer
from tests.bench.stage import Scene, Stage
from tests.bench.variant import Paths

GATED = 64
"""Connections that the gates are about in the first place."""


@contextmanager
def open_bench(paths: Paths, stage: Stage) -> Iterator[Bench]:
    """Start a scene's variants and the bare handlers, and warm them."""
    with ExitStack() as stack:
        variants = stack.enter_context(paths(stage))
        name = variants[0].server.log.stem
        answer = record_answer(variants)
        answers = stage.scratch / "answers"
        answers.mkdir()
        (answers / name).write_bytes(answer)
        command = ("-m", "tests.bench.bare", str(answers))
        first, second = (
            stack.enter_context(running(bare, command, core=stage.cores.server, scratch=stage.scratch))
            for bare in ("bare-1", "bare-2")
        )
        bench = Bench(stage.cores, variants, (first, second), f"/{name}", answer, stage.scratch)
        stage.say(
            f"{name}: answers of {len(answer):,} bytes; "
            f"servers on core {stage.cores.server}, load on core {stage.cores.load}"
        )
        bench.warm()
        yield bench


def beside_bare(paths: Paths, *, rounds: Mapping[int, int], quick: Mapping[int, int]) -> Scene:
    """Make the scene; `rounds` says how many there are with how many connections, `quick` the same for a quick run."""

    def scene(stage: Stage) -> Iterator[Row]:
        with open_bench(paths, stage) as bench:
            for connections, usual in (quick if stage.plan.quick else rounds).items():
                many = stage.plan.wanted or usual if connections == GATED else usual
                measured = _believable_rounds(bench, stage, many, connections)
                for position, variant in enumerate(bench.variants):
                    yield row(variant.name, position, connections, measured, variant.gates.get(connections))

    return scene


def _believable_rounds(bench: Bench, stage: Stage, rounds: int, connections: int) -> Sequence[Round]:
    """Measure until the bare handler is as fast as itself; only gated rows are worth several attempts."""
    is_gated = any(connections in variant.gates for variant in bench.variants)
    measured: list[Round] = []
    for _ in range(stage.plan.attempts if is_gated else 1):
        patience = Patience(rounds * (2 + len(bench.variants)))
        measured = []
        for one in bench.measure(rounds, connections, patience):
            measured.append(one)
            shares = " ".join(f"{one.ratio(position):.3f}" for position in range(len(one.ours)))
            stage.say(
                f"  {connections:>2} connections, round {len(measured)}: {shares}, bare:bare {one.self_ratio:.3f}"
            )
        if patience.repeated:
            stage.say(f"  {patience.repeated} slices were disturbed by other programs, and repeated")
        if believable(measured):
            break
        stage.say(f"  too noisy: bare:bare {self_ratio(measured):.3f} ± {uncertainty(measured):.3f}")
    return measured
