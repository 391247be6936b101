"""What kills an import, or fills its disk, leaves a directory that is whole."""

import os
import random
import select
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.directory.transfers import Directory, faults, rows

KILLS = int(os.environ.get("CTI_CHAOS_KILLS", "20"))
"""`make chaos` kills a hundred times."""

PEOPLE = 1500
PATIENCE = 60.0
ROOT = Path(__file__).parents[2]
IMPORT = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from cti_lookup.directory.errors import DirectoryError
from cti_lookup.directory.transfer import filling
from cti_lookup.directory.transfer.commands import plan_import
from cti_lookup.directory.transfer.importing import import_file

filling.ENTRIES_AT_ONCE = 100


def progress(read):
    print(read, flush=True)
    if "held" in sys.argv:
        sys.stdin.readline()


def run(database, file):
    order = plan_import(Path(database), Path(file))
    import_file(order, now=datetime.now(UTC), progress=progress, reject=print)


if len(sys.argv) >= 3:
    print("ready", flush=True)
    try:
        run(*sys.argv[1:3])
    except DirectoryError as error:
        sys.exit(str(error))
"""
NURSERY = """
import os

for line in sys.stdin:
    child = os.fork()
    if child == 0:
        sys.stdout = open(os.devnull, "w")
        run(*line.rstrip("\\n").split("\\t"))
        os._exit(0)
    print(child, flush=True)
    print(os.waitpid(child, 0)[1], flush=True)
"""


def file_of_people(folder: Path, generation: int, count: int = PEOPLE) -> Path:
    """Write a file of people who all have the same job title."""
    lines = [(f"p{number}@example.org", f"Person {number}", f"Title {generation}") for number in range(count)]
    path = folder / f"people-{generation}.csv"
    path.write_text(rows(("Primary Email", "Name", "Job Title"), *lines))
    return path


def import_in_a_process(database: Path, file: Path, under: Sequence[str] = ()) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [*under, sys.executable, "-c", IMPORT, database, file],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    process.stdout.readline()
    return process


@contextmanager
def held_import(database: Path, file: Path) -> Iterator[None]:
    """Have an import read some of a file, and no more as long as this lasts; then kill it."""
    with subprocess.Popen(
        [sys.executable, "-c", IMPORT, database, file, "held"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        assert int(process.stdout.readline()) > 0
        yield
        process.kill()


@dataclass(frozen=True)
class Nursery:
    """A process that has loaded the program and lends a copy of itself to each import: starting takes longer than importing."""

    process: subprocess.Popen[str]

    def survives(self, database: Path, file: Path, seconds: float) -> bool:
        """Import a file, killing the import after some seconds; say whether it came to its end."""
        requests, answers = self.process.stdin, self.process.stdout
        assert requests is not None
        assert answers is not None
        requests.write(f"{database}\t{file}\n")
        requests.flush()
        child = int(answers.readline())
        ended, _, _ = select.select([answers], [], [], seconds)
        if not ended:
            with suppress(ProcessLookupError):  # it may have come to its end just now
                os.kill(child, signal.SIGKILL)
        status = int(answers.readline())
        assert status in {0, signal.SIGKILL}
        return status == 0


@pytest.fixture
def nursery() -> Iterator[Nursery]:
    with subprocess.Popen(
        [sys.executable, "-c", IMPORT + NURSERY],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield Nursery(process)
        process.kill()


@pytest.mark.slow
def test_an_import_killed_at_any_moment_leaves_all_of_a_file_or_nothing(
    tmp_path: Path, nursery: Nursery
) -> None:
    directory = Directory(tmp_path)
    directory.take_in(rows(("Primary Email", "Name", "Job Title"), ("p0@example.org", "Person 0", "")))
    chance = random.Random(20261122)  # noqa: S311 - moments, the same each time
    killed, longest, expected = 0, 0.2, 1
    while killed < KILLS:
        file = file_of_people(tmp_path, killed)
        if nursery.survives(directory.database, file, chance.uniform(0, longest)):
            longest *= 0.8
        else:
            killed += 1
            longest *= 1.05
        titles = directory.query("SELECT DISTINCT details FROM people WHERE account_id = 'widget'")
        expected = max(expected, len(directory.people("id")))

        assert len(titles) == 1
        assert len(directory.people("id")) == expected
        assert expected in {1, PEOPLE}
        assert not list(faults(directory.database))


@pytest.mark.slow
def test_a_killed_import_goes_on_where_it_was(tmp_path: Path) -> None:
    directory = Directory(tmp_path)
    file = file_of_people(tmp_path, 1)
    with held_import(directory.database, file):
        pass
    (staging,) = tmp_path.glob("*.import-*.sqlite3")
    before = Directory(tmp_path).staged(staging)

    report = directory.take_in(file.read_bytes(), file.name)

    assert 0 < before < PEOPLE
    assert report.applied.created == PEOPLE
    assert directory.staging_files() == []


def test_a_file_that_is_being_imported_is_not_imported_twice(tmp_path: Path) -> None:
    directory = Directory(tmp_path)
    file = file_of_people(tmp_path, 1)
    with held_import(directory.database, file), import_in_a_process(directory.database, file) as second:
        _, said = second.communicate(timeout=PATIENCE)

    assert (second.returncode, said.strip()) == (1, "the file is being imported already")


@pytest.mark.slow
@pytest.mark.parametrize("size", [200_000, 600_000, 1_500_000])
def test_a_full_disk_leaves_the_directory_as_it_was(tmp_path: Path, size: int) -> None:
    directory = Directory(tmp_path)
    directory.take_in(rows(("Primary Email", "Name"), ("ann@example.org", "Ann")))
    file = file_of_people(tmp_path, 1, count=20_000)
    with import_in_a_process(directory.database, file, ("prlimit", f"--fsize={size}")) as process:
        _, said = process.communicate(timeout=PATIENCE)

    assert process.returncode == 1
    assert "directory" in said
    assert "@" not in said
    assert directory.people("name") == [("Ann",)]
    assert not list(faults(directory.database))
    assert directory.take_in(file.read_bytes(), file.name).applied.created == 20_000


def can_mount() -> bool:
    return (
        os.geteuid() == 0
        and not subprocess.run(["unshare", "-m", "true"], check=False, capture_output=True).returncode
    )


@pytest.mark.slow
@pytest.mark.skipif(
    not can_mount(), reason="only root may mount; the limit on a file's size makes the same error"
)
def test_a_disk_without_room_leaves_the_directory_as_it_was(tmp_path: Path) -> None:
    file = file_of_people(tmp_path, 1, count=20_000)
    disk = tmp_path / "disk"
    disk.mkdir()
    script = tmp_path / "import.py"
    script.write_text(IMPORT)
    small = tmp_path / "small.csv"
    small.write_text(rows(("Primary Email", "Name"), ("ann@example.org", "Ann")))
    python, database = sys.executable, disk / "directory.sqlite3"
    steps = f"""
        mount -t tmpfs -o size=3m tmpfs {disk}
        {python} {script} {database} {small} || exit 3
        {python} {script} {database} {file} && exit 4
        {python} {script} {database} {small} || exit 5
        cp {database} {tmp_path}/kept.sqlite3
    """
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        ["unshare", "-m", "sh", "-c", steps], env=environment, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr
    assert "cannot grow: the disk is full" in done.stderr
    assert not list(faults(tmp_path / "kept.sqlite3"))
