"""What the project depends on is reasoned, bounded and pinned, and its version is said once."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
PYPROJECT = (ROOT / "pyproject.toml").read_text()
PROJECT: dict[str, Any] = tomllib.loads(PYPROJECT)
LOCKS = (
    "requirements.lock",
    "requirements-dev.lock",
    "requirements-build.lock",
    "requirements-traces.lock",
)

RUNTIME: list[str] = PROJECT["project"]["dependencies"]
EXTRAS: list[str] = [d for extra in PROJECT["project"]["optional-dependencies"].values() for d in extra]
DEVELOPMENT: list[str] = [d for group in PROJECT["dependency-groups"].values() for d in group]
EVERY = [*PROJECT["build-system"]["requires"], *RUNTIME, *EXTRAS, *DEVELOPMENT]


def name_of(requirement: str) -> str:
    """Return the name of a package as PEP 503 normalises it, without its extras and bounds."""
    name = re.split(r"[\[=<>~! ;]", requirement, maxsplit=1)[0]
    return re.sub(r"[-_.]+", "-", name).lower()


def locked(lock: str) -> dict[str, str]:
    """Return each requirement of a lock by its name, with its hashes on the same line."""
    text = (ROOT / lock).read_text().replace("\\\n", "")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return {name_of(line): line for line in lines}


@pytest.mark.parametrize("dependency", EVERY)
def test_a_dependency_is_listed_with_its_reason(dependency: str) -> None:
    assert re.search(rf'"{re.escape(dependency)}"[\],]* +# \S+ \S+', PYPROJECT)


@pytest.mark.parametrize("dependency", EVERY)
def test_a_dependency_has_a_lower_and_an_upper_bound(dependency: str) -> None:
    assert re.fullmatch(r"[A-Za-z0-9-]+(\[[a-z-]+\])?>=[0-9.]+,<[0-9.]+", dependency)


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_no_place_on_a_network_or_a_disk(lock: str) -> None:
    text = (ROOT / lock).read_text()

    assert not re.search(r"://|@|(^|\s)(/|--(extra-)?index-url|--find-links|-i |-f |-e )", text)


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_pins_every_requirement_to_a_version_and_its_hashes(lock: str) -> None:
    pinned = re.compile(r"[a-z0-9-]+(\[[a-z,]+\])?==[0-9][^ ]*( ; [^-]+?)?( +--hash=sha256:[0-9a-f]{64})+")

    assert [line for line in locked(lock).values() if not pinned.fullmatch(line)] == []


@pytest.mark.parametrize(
    ("lock", "dependencies"),
    [
        (LOCKS[0], RUNTIME),
        (LOCKS[1], EVERY),
        (LOCKS[2], PROJECT["build-system"]["requires"]),
        (LOCKS[3], [*RUNTIME, *PROJECT["project"]["optional-dependencies"]["traces"]]),
    ],
    ids=["runtime", "development", "build", "with traces"],
)
def test_a_lock_holds_every_dependency(lock: str, dependencies: list[str]) -> None:
    assert {name_of(dependency) for dependency in dependencies} <= set(locked(lock))


def test_the_lock_with_traces_holds_all_that_is_shipped_without_them() -> None:
    assert locked(LOCKS[0]).items() <= locked(LOCKS[3]).items()


@pytest.mark.parametrize("lock", [LOCKS[0], LOCKS[2], LOCKS[3]])
def test_what_is_tested_is_what_is_shipped_and_what_ships_it(lock: str) -> None:
    """The development lock has each requirement of the other locks, in the same version."""
    assert locked(lock).items() <= locked(LOCKS[1]).items()


def test_the_chart_and_the_image_are_of_the_same_version_as_the_project() -> None:
    chart = yaml.safe_load((ROOT / "helm" / "Chart.yaml").read_text())
    (label,) = re.findall(r'image\.version="([^"]+)"', (ROOT / "Dockerfile").read_text())

    assert {chart["version"], chart["appVersion"], label} == {PROJECT["project"]["version"]}
