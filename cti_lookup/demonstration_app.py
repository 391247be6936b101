"""The service as `serve --demo` runs it: what a newcomer has not set is filled in, and sample calls can be played."""

import time
from collections.abc import Callable

from aiohttp import web

from cti_lookup.app import create_app
from cti_lookup.demonstration.stage import Stage
from cti_lookup.demonstration.staging import staged
from cti_lookup.logs import Log
from cti_lookup.settings import Settings
from cti_lookup.web.demo import demonstrating


def prepared(settings: Settings) -> tuple[Settings, Callable[..., web.Application]]:
    """Give the settings to serve with, and what makes the service."""
    demonstration = staged(settings)

    def make(settings: Settings, *, log: Log, samples: bool) -> web.Application:
        stage = Stage(demonstration, log=log, clock=time.time)
        return create_app(settings, log=log, samples=samples, extended=demonstrating(stage))

    return demonstration.settings, make
