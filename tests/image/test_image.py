"""The image is built of a clean base, holds what runs and no more, and runs without root on files it cannot change."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest

from tests.image.base_image import lay_out
from tests.image.containers import PATIENCE, Container, Image, Storage
from tests.servers.ports import free_port

ROOT = Path(__file__).parents[2]
DOCKERFILE = ROOT / "Dockerfile"
LOCKS = (ROOT / "requirements.lock", ROOT / "requirements-build.lock", ROOT / "requirements-traces.lock")
KEY = "a-key-made-up-for-a-test"
BASE = "localhost/base-of-the-test:here"


def can_build() -> bool:
    return (
        os.geteuid() == 0
        and not subprocess.run(["unshare", "-m", "true"], check=False, capture_output=True).returncode
    )


needs_root = pytest.mark.skipif(not can_build(), reason="only root may mount an image's files")


def test_hadolint_finds_nothing_in_the_dockerfile() -> None:
    done = subprocess.run(
        [Path(sys.executable).with_name("hadolint"), "--no-color", DOCKERFILE],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stdout) == (0, "")


def test_hadolint_would_find_a_base_without_a_version(tmp_path: Path) -> None:
    careless = tmp_path / "Dockerfile"
    careless.write_text("FROM python\nRUN pip install aiohttp\n")
    done = subprocess.run(
        [Path(sys.executable).with_name("hadolint"), "--no-color", careless],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert {"DL3006", "DL3013"} <= set(re.findall(r"DL\d+", done.stdout))


def test_the_build_sees_nothing_but_what_it_copies() -> None:
    copied = {
        name
        for line in re.findall(r"^COPY (?!--from)(.+)$", DOCKERFILE.read_text(), re.MULTILINE)
        for name in line.split()[:-1]
    }
    let_in = set(re.findall(r"^!(\S+)$", (ROOT / ".dockerignore").read_text(), re.MULTILINE))

    assert copied == let_in
    assert (ROOT / ".dockerignore").read_text().splitlines()[1] == "*"


@pytest.fixture(scope="module")
def storage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Storage]:
    storage = Storage(tmp_path_factory.mktemp("storage"))
    yield storage
    storage.remove()


@pytest.fixture(scope="module")
def base(storage: Storage, tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("base")
    lay_out(folder)
    recipe = folder.with_name("Dockerfile.base")
    recipe.write_text("FROM scratch\nCOPY . /\nENV PATH=/usr/local/bin:/usr/sbin:/usr/bin\n")
    storage.build(folder, "--file", str(recipe), "--tag", BASE)
    shutil.rmtree(folder)
    return BASE


@pytest.fixture(scope="module")
def wheels(request: pytest.FixtureRequest) -> Path:
    """Give a folder with every wheel that the locks name, kept from one run to the next."""
    digest = sha256(b"".join(lock.read_bytes() for lock in LOCKS)).hexdigest()[:16]
    name = f"wheels-{sys.version_info.major}.{sys.version_info.minor}-{digest}"
    folder = Path(request.config.cache.mkdir(name))
    whole = folder / ".whole"
    if not whole.exists():
        download = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes"]
        named = [word for lock in LOCKS for word in ("--requirement", lock)]
        subprocess.run(
            [*download, "--only-binary", ":all:", "--dest", folder, *named], check=True, timeout=PATIENCE
        )
        whole.touch()
    return folder


@pytest.fixture(scope="module")
def image(storage: Storage, base: str, wheels: Path) -> Image:
    options = ("--build-context", f"wheels={wheels}", "--build-arg", "PIP_NO_INDEX=1")
    built = storage.build(
        ROOT, *options, "--build-arg", f"BASE_IMAGE={base}", "--build-arg", "REVISION=abc123"
    )
    return storage.open(built)


@pytest.fixture(scope="module")
def built_with_traces(storage: Storage, base: str, wheels: Path) -> Image:
    """Give what is built for an image that sends traces; what is made of it then is made as of any other."""
    options = ("--build-context", f"wheels={wheels}", "--build-arg", "PIP_NO_INDEX=1", "--target", "build")
    lock = ("--build-arg", "LOCK=requirements-traces.lock", "--build-arg", f"BASE_IMAGE={base}")
    return storage.open(storage.build(ROOT, *options, *lock))


@pytest.fixture(scope="module")
def port() -> str:
    return str(free_port())


@pytest.fixture(scope="module")
def running(image: Image, port: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Container]:
    settings = {"CTI_HOST": "127.0.0.1", "CTI_PORT": port, "CTI_REGION": "US", "CTI_API_KEYS": KEY}
    with image.start(tmp_path_factory.mktemp("container"), **settings) as container:
        container.await_listening()
        yield container


def fetch(port: str, path: str, body: Any = None) -> Any:
    headers = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}
    content = None if body is None else json.dumps(body).encode()
    with urlopen(Request(f"http://127.0.0.1:{port}{path}", content, headers), timeout=PATIENCE) as response:
        return json.load(response)


def packages_of(image: Image) -> set[str]:
    """Give the packages that are installed for the service."""
    (packages,) = image.root.glob("opt/cti-lookup/lib/python*/site-packages")
    found = {path.name.rpartition("-")[0] for path in packages.glob("*.dist-info")}
    return {re.sub(r"[-_.]+", "-", name.split("-")[0]).lower() for name in found}


def packages_in(lock: Path) -> set[str]:
    """Give the packages that a lock names."""
    return set(re.findall(r"^([a-z0-9-]+)(?:\[.*?\])?==", lock.read_text(), re.MULTILINE))


@needs_root
@pytest.mark.slow
class TestImage:
    def test_it_says_what_it_is_and_of_what_it_was_made(self, image: Image) -> None:
        labels = {
            name.removeprefix("org.opencontainers.image."): v for name, v in image.config["Labels"].items()
        }

        assert labels["title"] == "cti-lookup"
        assert labels["licenses"] == "MIT"
        assert labels["base.name"] == BASE
        assert labels["revision"] == "abc123"

    def test_its_user_is_a_number_that_kubernetes_knows_not_to_be_root(self, image: Image) -> None:
        user, group = map(int, image.config["User"].split(":"))

        assert min(user, group) >= 10_000

    def test_no_pip_and_nothing_that_builds_is_in_it(self, image: Image) -> None:
        names = {path.name.split("-")[0] for path in image.root.rglob("*")}

        assert "aiohttp" in names
        assert not {"pip", "ensurepip", "hatchling", "pytest", "gcc", "pip.conf"} & names

    def test_it_holds_the_packages_of_the_lock_and_the_service(self, image: Image) -> None:
        installed, locked = packages_of(image), packages_in(LOCKS[0])

        assert installed - locked == {"cti-lookup"}
        assert locked - installed <= {"async-timeout"}  # for older versions of Python

    def test_all_of_its_code_is_compiled_since_no_start_could_keep_what_it_compiles(
        self, image: Image
    ) -> None:
        packages = image.root / "opt/cti-lookup/lib"
        sources = [path for path in packages.rglob("*.py") if "lib2to3" not in path.parts]

        assert len(sources) > 500
        for source in sources:
            assert list(source.parent.glob(f"__pycache__/{source.stem}.*.pyc")), source

    def test_it_answers_without_root_on_files_that_it_cannot_change(
        self, image: Image, running: Container, port: str
    ) -> None:
        status = running.status()

        assert status["Uid"].split() == ["10001"] * 4
        assert int(status["CapEff"], 16) == 0
        assert status["NoNewPrivs"] == "1"
        assert image.run("touch", "/opt/cti-lookup/changed").returncode != 0
        assert image.run("touch", "/tmp/changed").returncode != 0  # noqa: S108  # read-only, which is the claim
        assert fetch(port, "/openapi.json")["openapi"].startswith("3.1")

    def test_a_phone_that_rings_is_answered(self, running: Container, port: str) -> None:
        call = {"event": "newCall", "from": "+1 713 987 2967", "to": "1002", "direction": "in", "callId": "1"}

        assert running.process.poll() is None
        assert fetch(port, "/webhooks/generic", call)["lookup"]["outcome"] == "nobody"

    def test_its_health_check_tells_a_service_that_answers_from_one_that_does_not(
        self, image: Image, running: Container, port: str
    ) -> None:
        kind, *check = image.config["Healthcheck"]["Test"]

        assert kind == "CMD"
        assert running.process.poll() is None
        assert image.run(*check, CTI_PORT=port).returncode == 0
        assert image.run(*check, CTI_PORT=str(free_port())).returncode == 1

    def test_what_the_chart_runs_before_the_end_of_a_pod_is_in_it(self, image: Image) -> None:
        assert image.run("sleep", "0").returncode == 0

    def test_it_has_what_sends_traces_only_if_it_is_built_with_that(
        self, image: Image, built_with_traces: Image
    ) -> None:
        asked = image.run("cti-lookup", "check", CTI_TRACES="http://127.0.0.1:4318")

        assert asked.returncode == 2
        assert "CTI_TRACES: needs what makes traces" in asked.stderr
        assert packages_of(image) & {"opentelemetry-sdk", "requests"} == set()
        assert packages_of(built_with_traces) - {"cti-lookup"} <= packages_in(LOCKS[2])
        assert packages_of(built_with_traces) >= packages_of(image) | {"opentelemetry-sdk", "requests"}

    def test_it_ends_when_it_is_asked_to(self, running: Container) -> None:
        assert running.stop() == 0
        assert running.complained.count("Traceback") == 0
