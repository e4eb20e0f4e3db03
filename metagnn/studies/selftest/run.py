"""Run all checks, each on its own: one that cannot be carried out does not stop the others."""

from __future__ import annotations

import tempfile
import time
import warnings
from collections.abc import Sequence
from pathlib import Path

from metagnn.progress import Report, unreported
from metagnn.studies.selftest.cases import Cases
from metagnn.studies.selftest.check import Check, Verdict
from metagnn.studies.selftest.registry import CHECKS

QUICK = 0.2
"""Share of the usual cases in the quick form."""


def run_selftest(
    seed: int = 0, quick: bool = False, progress: Report = unreported, checks: Sequence[Check] = CHECKS
) -> list[Verdict]:
    """Try the promises of the library on this machine.

    Args:
        seed: Seed of everything random.
        quick: Whether to try fewer cases.
        progress: Called with the number of checks done and their total.
        checks: The checks to carry out.

    Raises:
        OSError: There is no folder for temporary files.
    """
    verdicts: list[Verdict] = []
    with tempfile.TemporaryDirectory(prefix="metagnn-selftest-", ignore_cleanup_errors=True) as folder:
        cases = Cases(seed, Path(folder), QUICK if quick else 1.0)
        for check in checks:
            progress(len(verdicts), len(checks))
            verdicts.append(_try(check, cases))
        progress(len(verdicts), len(checks))
    return verdicts


def _try(check: Check, cases: Cases) -> Verdict:
    started, error = time.monotonic(), ""
    with warnings.catch_warnings():
        # Such as those of media without a flux; a check looks at the values.
        warnings.simplefilter("ignore")
        measurement = None
        try:
            measurement = check.measure(cases)
        except Exception as raised:  # noqa: BLE001 - any error is a verdict on this check, and no reason to skip others
            error = f"{type(raised).__name__}: {' '.join(str(raised).split())}"
    return Verdict(check.group, check.promise, measurement, error, time.monotonic() - started)
