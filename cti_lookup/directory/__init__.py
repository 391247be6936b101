"""The embedded people directory: a separate program that serves the R-Service REST API from one SQLite file."""

from cti_lookup.directory.administration import Administration, Grant, administer
from cti_lookup.directory.app import create_directory_app, directory_runner, run_directory
from cti_lookup.directory.errors import DirectoryError, DirectoryListenError, DirectoryStoreError
from cti_lookup.directory.samples import DEMONSTRATIONS, Demonstration
from cti_lookup.directory.transfer.commands import FORMATS as IMPORT_FORMATS
from cti_lookup.directory.transfer.commands import export_file, plan_import
from cti_lookup.directory.transfer.faults import RefusedFileError, Rejection
from cti_lookup.directory.transfer.importing import Order as ImportOrder
from cti_lookup.directory.transfer.importing import import_file

__all__ = (
    "DEMONSTRATIONS",
    "IMPORT_FORMATS",
    "Administration",
    "Demonstration",
    "DirectoryError",
    "DirectoryListenError",
    "DirectoryStoreError",
    "Grant",
    "ImportOrder",
    "RefusedFileError",
    "Rejection",
    "administer",
    "create_directory_app",
    "directory_runner",
    "export_file",
    "import_file",
    "plan_import",
    "run_directory",
)
