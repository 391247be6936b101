"""The embedded directory beside the service, on loopback; imported only where no other directory is set."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from aiohttp import web

from cti_lookup.directory import DirectoryError, create_directory_app, directory_runner
from cti_lookup.errors import NotOpened


@asynccontextmanager
async def embedded_directory(database: Path, port: int, token: str, samples: bool) -> AsyncIterator[str]:
    """Serve a directory for as long as this lasts, and give its base URL. Raises `NotOpened` or `OSError`."""
    with _said_in_our_words():
        app = create_directory_app(database=database, token=token, samples=samples)
        runner = directory_runner(app)
        await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
        host, own_port = runner.addresses[0][:2]
        yield f"http://{host}:{own_port}/v1"
    finally:
        await runner.cleanup()


@contextmanager
def _said_in_our_words() -> Iterator[None]:
    try:
        yield
    except DirectoryError as error:
        raise NotOpened(str(error)) from error
