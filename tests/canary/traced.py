"""
The service as `serve` runs it, which also notes the text of every exception that one of its own lines raises or lets through.

Noting makes it slow: it waits longer for Redis, so that this changes nothing of what it does.

Started as `python -m tests.canary.traced serve`; they are written to the file `CTI_TEST_EXCEPTIONS`, a line each, with the mark `own` or
`foreign`.
"""

import asyncio
import os
import sys
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any, Final, TextIO

import cti_lookup
from cti_lookup.app import create_app
from cti_lookup.errors import CtiError
from cti_lookup.rservice.quota_windows import QuotaLimits
from cti_lookup.serve import serve
from cti_lookup.settings import load_settings
from tests.servers.redis_waits import LIMITS, PATIENT

_PACKAGE: Final = str(Path(cti_lookup.__file__).parent)


def main() -> None:
    """Serve until told to end."""
    with Path(os.environ.pop("CTI_TEST_EXCEPTIONS")).open("w", encoding="utf-8", buffering=1) as file:
        settings = load_settings()
        make = partial(create_app, limits=QuotaLimits(patience=2 * PATIENT), redis_limits=LIMITS)
        sys.settrace(_tracer(file))
        asyncio.run(serve(settings, samples=False, listening=_say_where, make=make))


def _tracer(file: TextIO) -> Any:
    def note(_: FrameType, event: str, arg: Any) -> Any:
        if event == "exception" and not isinstance(arg[1], StopIteration):  # which is how a coroutine returns
            file.write(f"{_described(arg[1])}\n")
        return note

    def enter(frame: FrameType, _event: str, _arg: Any) -> Any:
        if not frame.f_code.co_filename.startswith(_PACKAGE):
            return None
        frame.f_trace_lines = False
        return note

    return enter


def _described(error: BaseException) -> str:
    """Write all that an exception would tell; of a library's, which may hold what it likes, what is printed of it."""
    if isinstance(error, CtiError):
        return f"own {type(error).__name__} {error!s} {error.args!r} {vars(error)!r}"
    return f"foreign {type(error).__name__} {error.args!r}"


def _say_where(url: str) -> None:
    print(f"listens at {url}", flush=True)  # noqa: T201  # its parent reads this


if __name__ == "__main__":
    main()
