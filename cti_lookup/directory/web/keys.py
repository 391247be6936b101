"""What handlers find in the application and in a request."""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from aiohttp import web

from cti_lookup.directory.access.identity import Identity
from cti_lookup.directory.storage.database import Database

DATABASE: Final = web.AppKey("database", Database)
CLOCK: Final[web.AppKey[Callable[[], datetime]]] = web.AppKey("clock")
IDENTITY: Final = web.RequestKey("identity", Identity)
