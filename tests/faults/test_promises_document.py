"""What `docs/promises.md` names is there: tests, modules, metrics, and each fault of the table."""

import ast
import re
from pathlib import Path
from typing import Final

import pytest

from cti_lookup.tallies import DEFINITIONS
from tests.faults.table import FAULTS

ROOT: Final = Path(__file__).parents[2]
DOCUMENT: Final = (ROOT / "docs" / "promises.md").read_text(encoding="utf-8")
TESTS: Final = sorted(set(re.findall(r"`(tests/[\w/]+\.py(?:::\w+)+)`", DOCUMENT)))
PROMISES: Final = DOCUMENT.partition("## The promises")[2].partition("## What a fault")[0]
ROWS: Final = [line.split(" | ") for line in PROMISES.splitlines() if line.startswith("| ")][1:]


def names_in(path: Path) -> set[str]:
    """Give the tests of a file, those of a class behind its name."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {name for node in tree.body for name in _names(node)}


def _names(node: ast.AST) -> list[str]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return [node.name]
    if isinstance(node, ast.ClassDef):
        return [f"{node.name}::{name}" for inner in node.body for name in _names(inner)]
    return []


@pytest.mark.parametrize("test", TESTS)
def test_a_test_that_is_named_exists(test: str) -> None:
    path, _, name = test.partition("::")
    assert name in names_in(ROOT / path)


def test_every_promise_names_modules_that_exist_and_a_test() -> None:
    for _, modules, test, _ in ROWS:
        for module in re.findall(r"`([\w.]+)`", modules):
            assert (ROOT / "cti_lookup" / f"{module.replace('.', '/')}.py").exists(), module
        assert "::" in test
    assert len(ROWS) > len(FAULTS) / 2


def test_every_metric_that_is_named_exists() -> None:
    named = set(re.findall(r"`(cti_[a-z_]+?)(?:_total)?[`{]", DOCUMENT))
    assert named
    assert named <= set(DEFINITIONS)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_where_a_fault_is_looked_for_is_said_under_the_label_the_matrix_found(fault: object) -> None:
    metric = getattr(fault, "metric", None)
    if metric is not None:
        name, label = metric
        assert re.search(rf"`{name}(\{{[^}}]*\"{label}\"\}})?`" if label else rf"`{name}`", DOCUMENT)
