"""The embedded people directory: a separate program that serves the R-Service REST API from one SQLite file."""

from cti_lookup.directory.app import create_directory_app, directory_runner, run_directory
from cti_lookup.directory.errors import DirectoryError, DirectoryListenError, DirectoryStoreError
from cti_lookup.directory.samples import DEMONSTRATIONS, Demonstration

__all__ = (
    "DEMONSTRATIONS",
    "Demonstration",
    "DirectoryError",
    "DirectoryListenError",
    "DirectoryStoreError",
    "create_directory_app",
    "directory_runner",
    "run_directory",
)
