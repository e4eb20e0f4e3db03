"""Damage inputs of every kind, and check that the command line refuses each in one line.

    python -m tests.faults.fuzz --inputs 20000
    python -m tests.faults.fuzz --kind mat --seed 1234

No traceback, no signal, no hang, no more than 2 GiB, whatever a file holds. An input is made from its kind and seed
alone; those that fail are kept in a folder, and their seeds are printed.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.faults.fuzz_targets import TARGETS
from tests.faults.workers import OUTCOMES, Result, make_input, run_inputs

CHUNK = 200
"""Inputs of one process: what one leaves behind must not decide what becomes of the next for long."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a campaign, or one input; return 1 if any input failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.fuzz", description=__doc__)
    parser.add_argument("--inputs", type=int, default=1000, help="inputs of every kind (default 1000)")
    parser.add_argument(
        "--kind", action="append", choices=tuple(TARGETS), help="kind of inputs (repeatable; default all)"
    )
    parser.add_argument("--jobs", type=int, default=1, help="processes at once (default 1)")
    parser.add_argument("--first", type=int, default=0, help="first seed (default 0)")
    parser.add_argument("--seed", type=int, help="run this one, and show what it prints")
    parser.add_argument("--keep", type=Path, default=Path(tempfile.gettempdir()) / "metagnn-fuzz", help="for failures")
    chosen = parser.parse_args(arguments)
    kinds = chosen.kind or list(TARGETS)
    _import_all()
    if chosen.seed is not None:
        return max(_show(kind, chosen.seed, chosen.keep) for kind in kinds)
    header = ("kind", "inputs", *OUTCOMES, "inputs/s")
    print("  ".join(f"{name:>9}" for name in header))
    failed = False
    for kind in kinds:
        started = time.perf_counter()
        results = run_campaign(kind, range(chosen.first, chosen.first + chosen.inputs), chosen.jobs)
        count, speed = Counter(result.outcome for result in results), len(results) / (time.perf_counter() - started)
        row = (kind, len(results), *(count[outcome] for outcome in OUTCOMES), f"{speed:.0f}")
        print("  ".join(f"{cell:>9}" for cell in row), flush=True)
        failures = [result for result in results if result.failed]
        for result in failures:
            _keep(kind, result, chosen.keep)
        failed |= bool(failures)
        if failures:
            _print_failures(kind, failures, chosen.keep)
    return int(failed)


def run_campaign(kind: str, seeds: Sequence[int], jobs: int = 1) -> list[Result]:
    """Run the inputs of many seeds, some processes at once."""
    parts = [seeds[start : start + CHUNK] for start in range(0, len(seeds), CHUNK)]
    # What is made once for all inputs is made before the processes part.
    with tempfile.TemporaryDirectory() as folder:
        make_input(kind, seeds[0], Path(folder))
    if jobs == 1:
        return [result for part in parts for result in run_inputs(kind, part)]
    with ThreadPoolExecutor(jobs) as pool:
        return [result for found in pool.map(lambda part: run_inputs(kind, part), parts) for result in found]


def _show(kind: str, seed: int, keep: Path) -> int:
    folder = keep / f"{kind}-{seed}"
    if not folder.exists():
        make_input(kind, seed, folder)
    result = run_inputs(kind, [seed], shown=True)[0]
    print(f"{kind} {seed}: {result.outcome}\n{result.detail}\nits files: {folder}")
    return int(result.failed)


def _keep(kind: str, result: Result, keep: Path) -> None:
    folder = keep / f"{kind}-{result.seed}"
    if not folder.exists():
        make_input(kind, result.seed, folder)
    (keep / f"{kind}-{result.seed}.txt").write_text(f"{result.outcome}\n{result.detail}", errors="backslashreplace")


def _print_failures(kind: str, failures: list[Result], keep: Path) -> None:
    """One line a way to fail: its last line, how often, and the first seeds."""
    alike: dict[str, list[int]] = {}
    for result in failures:
        last = (result.detail.strip().splitlines() or [""])[-1][:110]
        alike.setdefault(f"{result.outcome}: {last}", []).append(result.seed)
    for what, seeds in sorted(alike.items(), key=lambda pair: -len(pair[1])):
        print(f"    {kind} {len(seeds)} × {what!r}: seeds {seeds[:4]}")
    print(f"    kept in {keep}", flush=True)


def _import_all() -> None:
    """Import what a command imports at first use, so that every process has it."""
    import openpyxl  # noqa: F401
    import pyarrow.parquet  # noqa: F401

    import metagnn.analysis.reconciliation.folder
    import metagnn.cli.commands
    import metagnn.predictor
    import metagnn.training_job  # noqa: F401


if __name__ == "__main__":
    raise SystemExit(main())
