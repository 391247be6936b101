"""
The service as it is served, but for what would keep a path from being measured.

`python -m tests.bench.service [--no-memory] [--no-quota]` takes the same settings as `cti_lookup serve`. Without memory each
answer is forgotten for the next; without quota a directory elsewhere may be asked as often as our own.
"""

import argparse
import asyncio
from functools import partial

from cti_lookup.app import MEMORY_ENTRIES, create_app
from cti_lookup.rservice.quota_windows import UNLIMITED
from cti_lookup.serve import serve
from cti_lookup.settings import load_settings


def main() -> None:
    """Serve until ended."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--no-memory", action="store_true")
    parser.add_argument("--no-quota", action="store_true")
    options = parser.parse_args()
    make = partial(
        create_app,
        memory_entries=1 if options.no_memory else MEMORY_ENTRIES,
        limits=UNLIMITED if options.no_quota else None,
    )
    listening = partial(print, flush=True)
    asyncio.run(serve(load_settings(), samples=False, listening=listening, make=make))


if __name__ == "__main__":
    main()
