"""A job as a program of its own, started by the directory: `python -m cti_lookup.directory.transfer DATABASE TOKEN`."""

import sys
from datetime import UTC, datetime
from pathlib import Path

from cti_lookup.directory.errors import DirectoryError
from cti_lookup.directory.transfer.running import run_job


def main(arguments: list[str]) -> int:
    """Do a job; return the exit status."""
    database, token = arguments
    try:
        run_job(Path(database), token, lambda: datetime.now(UTC))
    except DirectoryError as error:
        sys.stderr.write(f"directory: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
