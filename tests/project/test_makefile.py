"""The Makefile explains itself."""

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]


def targets() -> set[str]:
    """Return every name that can be made, but for files that rules make on the way."""
    return set(re.findall(r"^([a-z][a-z-]*):(?!=)", (ROOT / "Makefile").read_text(), re.MULTILINE))


def shown_by(*command: str) -> str:
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout


def test_make_help_lists_every_target_with_what_it_does() -> None:
    listed = dict(re.findall(r"^  make (\S+) +(\S.*)$", shown_by("make", "help"), re.MULTILINE))

    assert set(listed) == targets()
    assert {"run", "test", "check", "bench", "fast", "format", "lock", "clean", "corpus"} <= set(listed)


def test_make_alone_says_the_same_as_make_help() -> None:
    assert shown_by("make") == shown_by("make", "help")


def test_no_target_is_mistaken_for_a_file_of_its_name() -> None:
    phony = re.findall(r"^\.PHONY: (.+)$", (ROOT / "Makefile").read_text(), re.MULTILINE)

    assert set(phony) == targets()


def test_tests_are_marked_as_alone_only_where_make_test_looks_for_them() -> None:
    """It reads the files of tests that have the mark: one that stood elsewhere would leave tests out of both runs."""
    marked = [file for file in (ROOT / "tests").rglob("*.py") if "mark" + ".alone" in file.read_text()]

    assert marked
    assert [file for file in marked if not file.name.startswith("test_")] == []


def test_ci_runs_nothing_but_what_a_person_can_make() -> None:
    script = (ROOT / ".ci" / "run").read_text()
    commands = [line for line in script.splitlines() if line and not line.startswith(("#", "set ", "cd "))]

    assert commands == ["make check", "make test", "make sbom"]
