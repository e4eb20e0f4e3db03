"""The command line: parse, call, print; no logic."""

from metagnn.cli.main import main as main
