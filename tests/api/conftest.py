"""Services that are asked as their description says: in this process, and as a program with sample people."""

from collections.abc import Iterator

import pytest

from tests.api.running import Running, running
from tests.service.conftest import no_settings_from_outside, service, start
from tests.widget.conftest import browser, context

__all__ = ["browser", "context", "no_settings_from_outside", "program", "service", "start"]


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("service")) as running_service:
        yield running_service
