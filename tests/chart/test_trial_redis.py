"""The embedded Redis: its very command, run here, keeps strangers out and lets the service in."""

import base64
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import helm_python as helm
import pytest
from redis import Redis
from redis.backoff import ConstantBackoff
from redis.exceptions import AuthenticationError
from redis.exceptions import ConnectionError as NoConnectionError
from redis.retry import Retry

from cti_lookup.settings import Settings
from tests.chart.release import NAME, Json, Release, install, values_of
from tests.servers.ports import free_port

PATIENCE = 60


@pytest.fixture
def trial(chart: helm.Chart) -> Release:
    return install(chart, values_of("trial-with-redis"))


@pytest.fixture
def container(trial: Release) -> Json:
    (container,) = trial.one("Deployment", f"{NAME}-redis")["spec"]["template"]["spec"]["containers"]
    return dict(container)


@pytest.fixture
def secret(trial: Release) -> dict[str, str]:
    data = trial.one("Secret", f"{NAME}-redis")["data"]
    return {name: base64.b64decode(value).decode() for name, value in data.items()}


@contextmanager
def running(container: Json, secret: dict[str, str], folder: Path) -> Iterator[int]:
    """Run the container's command here, on a free port of loopback, and end it as a pod is ended."""
    port = free_port()
    command = [*container["command"], *container["args"]]
    here = [word.replace("6379", f"{port}").replace("'*'", "127.0.0.1") for word in command]
    process = subprocess.Popen(
        here,
        env={"PATH": "/usr/bin:/bin", "REDISCLI_AUTH": secret["password"]},
        cwd=folder,
        stdout=subprocess.DEVNULL,
    )
    try:
        yield port
    finally:
        process.terminate()
        process.wait(PATIENCE)


def wait_for_port(port: int) -> None:
    """Wait until something listens."""
    for _ in range(int(PATIENCE * 20)):
        with suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port)):
            return
        time.sleep(0.05)
    pytest.fail("nothing listens")


@pytest.fixture
def url(container: Json, secret: dict[str, str], tmp_path: Path) -> Iterator[str]:
    """Give the URL that the service is given, of a Redis that runs here."""
    with running(container, secret, tmp_path) as port:
        yield secret["url"].replace(f"{NAME}-redis:6379", f"127.0.0.1:{port}")


@pytest.mark.slow
def test_its_command_lets_the_service_in_and_strangers_not(url: str, secret: dict[str, str]) -> None:
    patient = Retry(ConstantBackoff(0.05), PATIENCE * 20)  # until the process listens
    retried = [NoConnectionError]
    with Redis.from_url(url, retry=patient, retry_on_error=retried) as service:
        assert service.ping()
        told = {name: service.config_get(name)[name] for name in ("save", "appendonly", "maxmemory-policy")}
    stranger = Redis.from_url(url.replace(secret["password"], "guessed"))
    with stranger, pytest.raises(AuthenticationError):
        stranger.ping()

    assert told == {"save": "", "appendonly": "no", "maxmemory-policy": "volatile-lru"}


@pytest.mark.slow
def test_it_ends_when_its_pod_is_told_to_end(container: Json, secret: dict[str, str], tmp_path: Path) -> None:
    with running(container, secret, tmp_path) as port:
        wait_for_port(port)

    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))


def test_the_service_is_given_its_url_from_the_secret(trial: Release, secret: dict[str, str]) -> None:
    (variable,) = [v for v in trial.container["env"] if v["name"] == "CTI_REDIS_URL"]

    assert variable["valueFrom"] == {"secretKeyRef": {"name": f"{NAME}-redis", "key": "url"}}
    assert Settings.model_validate({"redis_url": secret["url"]}).redis_url is not None


def test_the_url_names_the_service_of_the_redis(trial: Release, secret: dict[str, str]) -> None:
    service = trial.one("Service", f"{NAME}-redis")
    (port,) = service["spec"]["ports"]

    assert secret["url"].endswith(f"@{service['metadata']['name']}:{port['port']}/0")


def test_the_password_is_in_no_command(container: Json, secret: dict[str, str]) -> None:
    assert secret["password"] not in " ".join([*container["command"], *container["args"]])
