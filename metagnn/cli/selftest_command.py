"""`metagnn selftest`: try the promises of the library on this machine and print a table."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from metagnn.cli.console import print_table, progress_bar
from metagnn.files.output import check_output
from metagnn.studies.selftest.environment import environment_facts
from metagnn.studies.selftest.registry import CHECKS
from metagnn.studies.selftest.report import HEADER, advice, verdict_rows, write_report
from metagnn.studies.selftest.run import run_selftest

BROKEN = 1
"""Exit status where a promise does not hold."""


def selftest(chosen: argparse.Namespace) -> int:
    """Try the promises; return 1 if one does not hold.

    Raises:
        FolderError: The folder exists or cannot be written.
    """
    folder = None if chosen.out is None else check_output(Path(chosen.out), chosen.force, folder=True)
    facts = environment_facts()
    print_table("this machine", ("what", "value"), list(facts.items()))
    with progress_bar("checks") as progress:
        verdicts = run_selftest(chosen.seed, chosen.quick, progress, CHECKS)
    print_table("promises", HEADER, verdict_rows(verdicts), words=("promise", "verdict", "tried on"))
    if folder is not None:
        print(f"→ {write_report(folder, facts, verdicts, chosen.seed)}")
    kept = sum(verdict.kept for verdict in verdicts)
    print(f"{kept} of {len(verdicts)} promises hold, {sum(verdict.seconds for verdict in verdicts):.0f} s")
    if kept == len(verdicts):
        return 0
    for line in advice(verdicts, chosen.out):
        print(f"metagnn: error: {line}", file=sys.stderr)
    return BROKEN
