"""Entry point of `metagnn` and `python -m metagnn`."""

import sys

from metagnn.cli import main

if __name__ == "__main__":
    sys.exit(main())
