"""`python -m cti_lookup` is `cti-lookup`."""

from cti_lookup.cli import main

main()
