"""`cti-lookup replay` as people run it."""

import json
from pathlib import Path

import pytest

from cti_lookup.replaying.sample import write_sample
from tests.servers.program import run

pytestmark = pytest.mark.slow


@pytest.fixture
def day(tmp_path: Path) -> Path:
    """Give the sample day as a file."""
    file = tmp_path / "calls.csv"
    with file.open("w", newline="") as new:
        write_sample(new)
    return file


def test_the_sample_day_is_written_and_played_for_each_choice(tmp_path: Path) -> None:
    assert run(tmp_path, "replay", "--sample", "calls.csv").returncode == 0
    done = run(tmp_path, "replay", "calls.csv", "--ttl", "300,3600", "--svg", "day.svg")
    assert (done.returncode, done.stderr) == (0, "")
    assert "2000 calls" in done.stdout
    assert "3600/60/86400" in done.stdout
    assert "3600/60/86400" in (tmp_path / "day.svg").read_text()
    assert "7946" not in done.stdout + (tmp_path / "day.svg").read_text()


def test_a_longer_time_brings_more_hits_and_fewer_requests(day: Path) -> None:
    done = run(day.parent, "replay", day.name, "--ttl", "300,900,3600", "--json")
    results = json.loads(done.stdout)
    ratios = [one["hit_ratio"] for one in results]
    requests = [one["requests"]["total"] for one in results]
    assert [one["choice"]["ttl"] for one in results] == [300, 900, 3600]
    assert ratios == sorted(ratios)
    assert requests == sorted(requests, reverse=True)
    assert results[0]["calls"] == 2000


def test_a_file_that_is_there_is_not_overwritten_by_a_sample(tmp_path: Path) -> None:
    (tmp_path / "calls.csv").write_text("mine")
    done = run(tmp_path, "replay", "--sample", "calls.csv")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert (tmp_path / "calls.csv").read_text() == "mine"


def test_bad_rows_are_said_all_at_once_with_status_2(tmp_path: Path) -> None:
    (tmp_path / "calls.csv").write_text("at,number\nnow,+442079460123\n1,+442079460124\nlater,x\n")
    done = run(tmp_path, "replay", "calls.csv")
    assert done.returncode == 2
    assert [line.partition(":")[0] for line in done.stderr.splitlines()] == ["✗ line 2", "✗ line 4"]
    assert "7946" not in done.stderr


def test_bad_options_are_said_all_at_once_with_status_2(day: Path) -> None:
    options = {
        "--ttl": "0",
        "--negative-ttl": "x",
        "--speed": "fast",
        "--directory-ms": "3,2",
        "--region": "XX",
    }
    done = run(day.parent, "replay", day.name, *(part for pair in options.items() for part in pair))
    assert done.returncode == 2
    for name in options:
        assert len([line for line in done.stderr.splitlines() if line.startswith(f"✗ {name}:")]) == 1, name
