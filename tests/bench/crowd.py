"""A directory of many people, filled from CSV by the command that an operator uses."""

import csv
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from time import perf_counter

from tests.bench.errors import CannotMeasureError
from tests.bench.stage import Stage
from tests.directory.people_of_a_million import Somebody, many_people

_PEOPLE = ("Name", "Primary Email", "Organization", "Job Title", "Employee ID", "Support ID")
_CONTACTS = ("Person", "Contact Protocol", "Contact Label", "Contact URI", "Integration")


@dataclass(frozen=True, slots=True)
class Import:
    """One file that was imported: lines, seconds, and the MiB that the program held at most."""

    name: str
    lines: int
    seconds: float
    memory: float


@dataclass(frozen=True, slots=True)
class Crowd:
    """A filled directory, and what it was filled from."""

    database: Path
    people: int
    contacts: Path
    imports: tuple[Import, Import]

    @property
    def size(self) -> float:
        """The MiB of the file."""
        return self.database.stat().st_size / 2**20

    def some(self, many: int) -> Sequence[Somebody]:
        """Give so many of the people, from all over."""
        return list(islice(many_people(self.people), 0, self.people, max(1, self.people // many)))


def gather(stage: Stage, people: int) -> Crowd:
    """Write the files and import them."""
    database = stage.scratch / "crowd.sqlite3"
    first, second = stage.scratch / "people.csv", stage.scratch / "contacts.csv"
    _write(first, _PEOPLE, map(_person, many_people(people)))
    _write(second, _CONTACTS, (row for one in many_people(people) for row in _contacts(one)))
    imports = (
        _import(stage, database, first, "people", people),
        _import(stage, database, second, "people_contact_details", 2 * people),
    )
    return Crowd(database, people, second, imports)


@contextmanager
def importing(stage: Stage, crowd: Crowd) -> Iterator[None]:
    """Import the contacts once more, again and again, on the core of the load and after everything else there."""
    command = _command(stage, crowd.database, crowd.contacts, "people_contact_details")
    loop = ("sh", "-c", 'while true; do "$@" >/dev/null 2>&1; done', "sh", "nice", *command)
    with subprocess.Popen(
        loop, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    ) as process:
        try:
            yield
        finally:
            os.killpg(process.pid, 15)


def _import(stage: Stage, database: Path, file: Path, kind: str, lines: int) -> Import:
    start = perf_counter()
    with subprocess.Popen(
        _command(stage, database, file, kind), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        assert process.stdout is not None
        said = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise CannotMeasureError(f"the import of {kind} failed: {said[-500:]}")
    told = Import(kind, lines, perf_counter() - start, usage.ru_maxrss / 1024)
    stage.say(f"  {kind}: {lines:,} lines in {told.seconds:.1f} s")
    return told


def _command(stage: Stage, database: Path, file: Path, kind: str) -> tuple[str, ...]:
    program = ("taskset", "--cpu-list", f"{stage.cores.load}", sys.executable, "-m", "cti_lookup")
    return (*program, "directory", "import", f"{file}", "--db", f"{database}", "--type", kind)


def _write(place: Path, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    with place.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)


def _person(one: Somebody) -> Sequence[str]:
    return one.name, one.email, one.organization, one.job_title, one.employee_id, one.support_id


def _contacts(one: Somebody) -> Iterator[Sequence[str]]:
    yield one.email, "telephone", "work", one.work.text, "1"
    yield one.email, "telephone", "mobile", one.mobile.text, "1"
