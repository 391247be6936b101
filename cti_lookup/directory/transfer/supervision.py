"""Starts a process for one job after the other, and again for one that was cut off."""

import asyncio
import logging
import os
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Final

from aiohttp import web

from cti_lookup.directory.storage.database import Trace
from cti_lookup.directory.transfer.files import sweep
from cti_lookup.directory.transfer.jobs import forget_old_jobs, give_back_attempt, next_job, unfinished_jobs
from cti_lookup.directory.web.keys import CLOCK, DATABASE

LARGEST_UPLOAD: Final = 1024 * 1024 * 1024

SWEEP_SECONDS: Final = 3600.0
STOP_SECONDS: Final = 3.0
AFTER_FAILURE_SECONDS: Final = 1.0

_PACKAGES: Final = Path(__file__).parents[3]
_log = logging.getLogger(__name__)


class Supervisor:
    """Whoever adds a job wakes it; `largest_upload` is in bytes."""

    def __init__(self, app: web.Application, database: Path, largest_upload: int) -> None:
        self.database = database
        self.largest_upload = largest_upload
        self._app = app
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """Say that there is a job."""
        self._woken.set()

    async def run(self) -> None:
        """Work off all jobs, those first that an earlier run of the directory left."""
        while True:
            self._woken.clear()
            try:
                await self._work_off()
                await self._clean_up()
            except Exception as error:  # noqa: BLE001 - the outermost frame of a task, which must outlive whatever it is
                _log.warning("jobs have to wait: %s", type(error).__name__)
                await asyncio.sleep(AFTER_FAILURE_SECONDS)
                continue
            with suppress(TimeoutError):
                async with asyncio.timeout(SWEEP_SECONDS):
                    await self._woken.wait()

    async def _work_off(self) -> None:
        database = self._app[DATABASE]
        while job := await database.write(next_job, trace=Trace.KEPT):
            process = await _start(self.database, job.token)
            try:
                status = await process.wait()
            except asyncio.CancelledError:
                await _stop(process)
                await database.write(partial(give_back_attempt, token=job.token), trace=Trace.KEPT)
                raise
            if status:
                _log.warning("the process of an %s ended with status %d", job.direction, status)
                await asyncio.sleep(AFTER_FAILURE_SECONDS)

    async def _clean_up(self) -> None:
        now = self._app[CLOCK]()
        await self._app[DATABASE].write(partial(forget_old_jobs, now=now), trace=Trace.KEPT)
        unfinished = await self._app[DATABASE].read(unfinished_jobs)
        await asyncio.get_running_loop().run_in_executor(None, sweep, self.database, unfinished)


SUPERVISOR: Final = web.AppKey("supervisor", Supervisor)


async def supervise(
    database: Path, app: web.Application, *, largest_upload: int = LARGEST_UPLOAD
) -> AsyncIterator[None]:
    """Work jobs off while the application runs; the database has to be open by then."""
    supervisor = app[SUPERVISOR] = Supervisor(app, database, largest_upload)
    task = asyncio.create_task(supervisor.run())
    yield
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def _start(database: Path, token: str) -> Process:
    """Start the process of a job; it finds this very package, wherever the directory was started."""
    path = os.pathsep.join(filter(None, (str(_PACKAGES), os.environ.get("PYTHONPATH"))))
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "cti_lookup.directory.transfer",
        str(database),
        token,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        env=os.environ | {"PYTHONPATH": path},
    )


async def _stop(process: Process) -> None:
    """End a process that goes on where it was when the directory starts again."""
    with suppress(ProcessLookupError):
        process.terminate()
    try:
        async with asyncio.timeout(STOP_SECONDS):
            await process.wait()
    except TimeoutError:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
