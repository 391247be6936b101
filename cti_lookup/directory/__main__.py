"""The directory as a program of its own: `python -m cti_lookup.directory`."""

import argparse
import os
import sys
from pathlib import Path

from cti_lookup.directory.app import run_directory
from cti_lookup.directory.errors import DirectoryError

_TOKEN_VARIABLE = "CTI_DIRECTORY_TOKEN"  # noqa: S105 - the name of a variable


def main(arguments: list[str] | None = None) -> int:
    """Run the directory from the command line; return the exit status."""
    options = _parser().parse_args(arguments)
    token = options.token or os.environ.get(_TOKEN_VARIABLE, "")
    if not token:
        return _fail(f"no token: give --token or set {_TOKEN_VARIABLE}")
    try:
        run_directory(
            database=options.db,
            host=options.host,
            port=options.port,
            token=token,
            samples=options.samples,
            account=options.account,
            account_name=options.account_name,
            limits=options.limits,
            public_url=options.public_url,
        )
    except DirectoryError as error:
        return _fail(str(error))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m cti_lookup.directory", description="An R-Service people directory."
    )
    parser.add_argument("--db", type=Path, default=Path("cti-directory.sqlite3"), help="file of the database")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, default=0, help="port to listen on; 0 is any free one")
    parser.add_argument("--token", help=f"bearer token clients must send; default: {_TOKEN_VARIABLE}")
    parser.add_argument("--samples", action="store_true", help="fill an empty database with sample people")
    parser.add_argument("--account", help="id of a new file's account; default: widget")
    parser.add_argument("--account-name", help="name of a new file's account")
    parser.add_argument(
        "--limits", action="store_true", help="refuse more than 20 requests in 2 s and 3,600 an hour"
    )
    parser.add_argument("--public-url", default="", help="where receivers of webhooks reach the directory")
    return parser


def _fail(reason: str) -> int:
    sys.stderr.write(f"directory: {reason}\n")
    return 2


if __name__ == "__main__":
    sys.exit(main())
