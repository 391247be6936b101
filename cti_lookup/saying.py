"""What the command line says in plain sentences; tables are `terminal`'s."""

import sys


def say(text: str) -> None:
    """Say something to whoever asked."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def complain(text: str) -> None:
    """Say what is wrong, apart from answers."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()
