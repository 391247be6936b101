"""Images built and started without a container engine: buildah with chroot isolation, and a mount namespace to run in."""

import json
import os
import shutil
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

PATIENCE: Final = 600.0
"""Seconds for one step of a build; on a quiet machine it takes less than a tenth."""

# The root is read-only; /data alone may be written to, as a volume would be. No capability, and no way to gain one.
_ENTER: Final = """
set -e
mount --bind "$ROOT" "$ROOT"
mount -o remount,bind,ro "$ROOT"
mount --bind /dev "$ROOT/dev"
mount --bind /proc "$ROOT/proc"
mount -t tmpfs -o uid=10001,gid=10001,mode=0750 tmpfs "$ROOT/data"
exec setpriv --no-new-privs chroot --userspec="$USER_OF_IMAGE" --groups= "$ROOT" \
  /usr/bin/env --ignore-environment --chdir="$FOLDER" "$@"
"""


class Storage:
    """Images of a test's own, in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._options = (
            *("--storage-driver", "vfs"),
            *("--root", str(folder / "images"), "--runroot", str(folder / "run")),
        )

    def buildah(self, *arguments: str) -> str:
        """Run buildah on this storage, and give what it prints."""
        done = subprocess.run(
            ["buildah", *self._options, *arguments],
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
        return done.stdout.strip()

    def build(self, folder: Path, *options: str) -> str:
        """Build the Dockerfile of a folder, and give the image's id."""
        steps = ("--isolation", "chroot", "--format", "docker", "--pull-never")
        return self.buildah("build", "--quiet", *steps, *options, str(folder)).splitlines()[-1]

    def open(self, image: str) -> "Image":
        """Give an image whose files can be looked at."""
        container = self.buildah("from", "--pull-never", image)
        root = Path(self.buildah("mount", container))
        described: dict[str, Any] = json.loads(self.buildah("inspect", "--type", "image", image))
        return Image(root, described["Docker"]["config"])

    def remove(self) -> None:
        """Let go of all that is mounted, and delete it."""
        self.buildah("umount", "--all")
        shutil.rmtree(self._folder)


@dataclass(frozen=True)
class Image:
    """An image: its files, and how it says it is to be run."""

    root: Path
    config: Mapping[str, Any]

    @property
    def variables(self) -> dict[str, str]:
        """Give the variables that every program in it starts with."""
        return dict(line.split("=", 1) for line in self.config["Env"])

    def command(self, *arguments: str, **variables: str) -> tuple[list[str], dict[str, str]]:
        """Give the command, and the variables around it, that run a program inside as the image's user."""
        inside = [f"{name}={value}" for name, value in (self.variables | variables).items()]
        around = {
            "PATH": os.environ["PATH"],
            "ROOT": str(self.root),
            "USER_OF_IMAGE": self.config["User"],
            "FOLDER": self.config["WorkingDir"],
        }
        return ["unshare", "--mount", "sh", "-c", _ENTER, "sh", *inside, *arguments], around

    def run(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run a program inside to its end."""
        command, around = self.command(*arguments, **variables)
        return subprocess.run(
            command, env=around, capture_output=True, text=True, timeout=PATIENCE, check=False
        )

    def start(self, folder: Path, **variables: str) -> "Container":
        """Start what the image starts by itself; what it complains of goes to a file in the folder."""
        command, around = self.command(*self.config["Entrypoint"], *self.config["Cmd"], **variables)
        return Container(command, around, folder / "container.stderr")


class Container:
    """An image's own program, running."""

    def __init__(self, command: list[str], variables: Mapping[str, str], errors: Path) -> None:
        self._errors = errors
        with errors.open("wb") as file:
            self.process = subprocess.Popen(command, env=variables, stdout=subprocess.PIPE, stderr=file)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(PATIENCE)
        assert self.process.stdout is not None
        self.process.stdout.close()

    @property
    def complained(self) -> str:
        """Give all that was written to standard error."""
        return self._errors.read_text()

    def await_listening(self) -> None:
        """Wait until the program says where it listens."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert b"listens at" in line, self.complained

    def status(self) -> dict[str, str]:
        """Give what the kernel says of the process."""
        lines = Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}

    def stop(self) -> int:
        """Ask the program to end, as an orchestrator does, and give its exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE)
