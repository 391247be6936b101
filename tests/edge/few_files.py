"""The command line where no more than 400 files may be open."""

import resource

from cti_lookup.cli import main

if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_NOFILE, (400, 400))
    main()
