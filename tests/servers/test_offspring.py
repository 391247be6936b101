"""A program that was forked is, for who starts it, as one that was started from nothing."""

import os
import signal
import subprocess
from pathlib import Path

import pytest

from tests.servers.program import PROGRAM, Program, environment, run

pytestmark = pytest.mark.slow

WRONG = {"CTI_PORT": "none", "CTI_REGION": "nowhere"}
SERVING = {"CTI_PORT": "0", "CTI_DIRECTORY_URL": "http://127.0.0.1:1/v1", "CTI_DIRECTORY_TOKEN": "a-token"}


@pytest.mark.parametrize(
    ("arguments", "variables"), [(("check",), WRONG), (("nothing",), {}), (("lookup", "--json", "1234"), {})]
)
def test_it_says_what_the_other_says_and_ends_as_it_does(
    tmp_path: Path, arguments: tuple[str, ...], variables: dict[str, str]
) -> None:
    forked = run(tmp_path, *arguments, variables=variables)
    begun = subprocess.run(
        [PROGRAM, *arguments],
        cwd=tmp_path,
        env=environment(variables),
        capture_output=True,
        text=True,
        check=False,
    )

    assert (forked.returncode, forked.stdout, forked.stderr) == (begun.returncode, begun.stdout, begun.stderr)


def test_each_is_a_process_of_its_own_in_its_folder(tmp_path: Path) -> None:
    folders = [tmp_path / "one", tmp_path / "other"]
    for folder in folders:
        folder.mkdir()
    programs = [Program(folder, "serve", variables=SERVING) for folder in folders]
    for program in programs:
        program.await_said("listens at")

    assert len({program.process.pid for program in programs} | {os.getpid()}) == 3
    assert [Path(f"/proc/{program.process.pid}/cwd").readlink() for program in programs] == folders
    for program in programs:
        program.kill()


def test_a_signal_ends_it_and_is_told(tmp_path: Path) -> None:
    program = Program(tmp_path, "serve", variables=SERVING)
    program.await_said("listens at")
    assert program.process.poll() is None
    with pytest.raises(subprocess.TimeoutExpired):
        program.process.wait(0.01)

    program.kill()

    assert program.process.poll() == -signal.SIGKILL


def test_what_it_says_ends_when_it_does(tmp_path: Path) -> None:
    program = Program(tmp_path, "check", variables={})

    with pytest.raises(AssertionError, match="no 'never said'"):
        program.await_said("never said")

    assert program.terminate() == 0
    program.kill()
