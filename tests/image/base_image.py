"""
A base image made of this machine: its Python and a dozen programs, with the libraries that they load.

It stands for `python:…-slim` where no registry can be reached: the same programs at the same names, a standard library
with `ensurepip`, and pip, both of which the Dockerfile takes away.
"""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

PROGRAMS: Final = ("env", "sh", "install", "mkdir", "rm", "sleep", "useradd", "touch", "true")
"""What the Dockerfile runs, what the chart runs, and what the tests run inside."""

# loaded by wheels: every glibc distribution's Python image has them
_LIBRARIES: Final = (
    "libgcc_s.so.1",
    "libstdc++.so.6",
    "libm.so.6",
    "libpthread.so.0",
    "libdl.so.2",
    "librt.so.1",
)
_FILES: Final = {
    "etc/passwd": "root:x:0:0:root:/root:/bin/sh\n",
    "etc/group": "root:x:0:\n",
    "etc/shadow": "root:*:19000:0:99999:7:::\n",
    "etc/gshadow": "root:*::\n",
    "etc/login.defs": "USERGROUPS_ENAB yes\n",
}
_SYSTEM_PATH: Final = "/usr/bin:/bin:/usr/sbin:/sbin"
_FOLDERS: Final = ("dev", "proc", "root", "tmp", "var/tmp", "usr/local/bin")
_LEFT_OUT: Final = shutil.ignore_patterns(
    "__pycache__", "test", "tests", "site-packages", "dist-packages", "config-*", "turtledemo", "lib2to3"
)
_STANDARD_LIBRARY: Final = Path(sysconfig.get_path("stdlib"))


def lay_out(root: Path) -> None:
    """Put the tree of the image into an empty folder."""
    for place in ("bin", "lib", "lib64", "sbin"):
        (root / "usr" / place).mkdir(parents=True)
        (root / place).symlink_to(f"usr/{place}")
    for folder in _FOLDERS:
        (root / folder).mkdir(parents=True, exist_ok=True)
    for place, text in _FILES.items():
        (root / place).parent.mkdir(exist_ok=True)
        (root / place).write_text(text)
    python = Path(os.path.realpath(sys.executable))
    programs = [Path(found) for name in PROGRAMS if (found := shutil.which(name, path=_SYSTEM_PATH))]
    _copy_tree(root, _STANDARD_LIBRARY)
    _copy_pip(root)
    _copy(root, [python, *programs])
    _copy(root, _loaded_by([python, *programs, *_STANDARD_LIBRARY.glob("lib-dynload/*.so")]))
    _copy(root, _known_to_the_linker())
    for name in ("python", "python3"):
        (root / "usr/local/bin" / name).symlink_to(python)


def _copy(root: Path, files: Iterable[Path]) -> None:
    """Copy files to the places they have here; what a link leads to is copied in the link's place."""
    for file in files:
        place = root / file.relative_to("/")
        if not place.exists():
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(file, place)


def _copy_tree(root: Path, folder: Path) -> None:
    place = root / folder.relative_to("/")
    shutil.copytree(folder, place, ignore=_LEFT_OUT, symlinks=True, ignore_dangling_symlinks=True)


def _copy_pip(root: Path) -> None:
    """Put pip where the official images have theirs."""
    packages = root / _STANDARD_LIBRARY.relative_to("/") / "site-packages"
    for part in Path(sysconfig.get_path("purelib")).glob("pip*"):
        shutil.copytree(part, packages / part.name, ignore=shutil.ignore_patterns("__pycache__"))
    (root / "usr/local/bin/pip").write_text('#!/bin/sh\nexec python -m pip "$@"\n')


def _loaded_by(objects: Iterable[Path]) -> Iterator[Path]:
    """Give the libraries that these programs and modules load, and the loader itself."""
    told = subprocess.run(["ldd", *map(str, objects)], capture_output=True, text=True, check=False).stdout
    for place in sorted(set(re.findall(r"(?:=> |^\s+)(/\S+) \(0x", told, re.MULTILINE))):
        yield Path(place)


def _known_to_the_linker() -> Iterator[Path]:
    told = subprocess.run(["/sbin/ldconfig", "-p"], capture_output=True, text=True, check=True).stdout
    places = dict(re.findall(r"^\s+(\S+) \(libc6[^)]*\) => (\S+)$", told, re.MULTILINE))
    for name in _LIBRARIES:
        if name in places:
            yield Path(places[name])
