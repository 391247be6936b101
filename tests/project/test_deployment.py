"""The page on deployment: its values render, its build has the arguments it names, its backup brings people back."""

import re
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Final

import helm_python as helm
import pytest

from tests.chart.release import install
from tests.servers.program import PATIENCE, Program, run

ROOT: Final = Path(__file__).parents[2]
PAGE: Final = (ROOT / "docs" / "deployment.md").read_text(encoding="utf-8")
DOCKERFILE: Final = (ROOT / "Dockerfile").read_text(encoding="utf-8")
SNIPPETS: Final = re.findall(r'python -c "\n(.*?)"\n', PAGE, re.DOTALL)
TOKEN: Final = "a-token-made-up-for-a-test"


def blocks(kind: str) -> list[str]:
    """Give the blocks of one kind."""
    return re.findall(rf"^```{kind}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("values", blocks("yaml"), ids=["trial", "production"])
def test_values_of_the_page_are_taken(chart: helm.Chart, values: str) -> None:
    assert "Deployment" in install(chart, helm.values_from_yaml(values)).kinds


@pytest.fixture(scope="module")
def chart() -> helm.Chart:
    return helm.Chart.load(ROOT / "helm")


def test_every_argument_of_the_build_stands_in_the_table_with_its_default() -> None:
    told = {
        name: default.strip("`").replace("–", "")
        for names, default in re.findall(r"^\| ((?:`[A-Z_]+`(?:, )?)+) \| (\S+) \|", PAGE, re.MULTILINE)
        for name in re.findall(r"`([A-Z_]+)`", names)
        if not name.startswith("CTI_")
    }

    assert told == dict(re.findall(r"^ARG (\w+)=(.*)$", DOCKERFILE, re.MULTILINE))


def test_the_dockerfile_and_the_page_download_wheels_by_the_same_line() -> None:
    (line,) = re.findall(r"^#   (pip download .+)$", DOCKERFILE, re.MULTILINE)

    assert line in PAGE.splitlines()


@pytest.mark.parametrize("place", re.findall(r"\]\((?!http)([^)#]+)(?:#[^)]*)?\)", PAGE))
def test_every_file_the_page_points_at_is_there(place: str) -> None:
    assert (ROOT / "docs" / place).exists()


def people_of(database: Path) -> list[str]:
    with sqlite3.connect(database) as connection:
        names = [name for (name,) in connection.execute("SELECT name FROM people ORDER BY id")]
    connection.close()
    return names


def do(snippet: str, folder: Path) -> None:
    """Run what the page says, in another folder than /data."""
    subprocess.run(
        [sys.executable, "-c", snippet.replace("/data/", f"{folder}/")], check=True, timeout=PATIENCE
    )


@pytest.mark.slow
def test_a_backup_made_while_the_directory_serves_brings_its_people_back(tmp_path: Path) -> None:
    backup, restore = SNIPPETS
    database = tmp_path / "cti-directory.sqlite3"
    arguments = ("--db", str(database), "--port", "0", "--token", TOKEN, "--samples")
    program = Program(tmp_path, "directory", *arguments)
    try:
        program.await_said(r"http://127\.0\.0\.1:\d+")
        before = people_of(database)
        do(backup, tmp_path)
        (tmp_path / "backup.sqlite3").rename(tmp_path / "restore.sqlite3")
        with sqlite3.connect(database) as harm:
            harm.execute("UPDATE people SET name = 'nobody'")
        harm.close()
        assert people_of(database) != before
        do(restore, tmp_path)
    finally:
        assert program.terminate() == 0
        program.kill()

    assert len(before) > 5
    assert people_of(database) == before
    listed = run(tmp_path, "directory", "token", "list", "--db", str(database))
    assert listed.returncode == 0, listed.stderr
