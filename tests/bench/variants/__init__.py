"""The paths that are measured, one file for each scene."""
