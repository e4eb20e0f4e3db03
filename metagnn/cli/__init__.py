"""Command line: parse options, call the library, print."""

from metagnn.cli.main import main as main
