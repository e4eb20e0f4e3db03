"""Compare two ways to do the same: time them in turns, or set their errors side by side."""

from __future__ import annotations

import dataclasses
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from metagnn.files.output import replace_file
from metagnn.studies.harness.result_table import ResultTable

EPSILON = float(np.finfo(np.float64).eps)


@dataclass(frozen=True)
class Comparison:
    """One row of a benchmark.

    Attributes:
        case: What was done.
        network: On which network.
        ours: Median time (or error) of metagnn.
        rival: Median time (or error) of the rival.
        unit: Unit of both.
        ratio_median: Rival over ours, median of the rounds; above 1 metagnn is ahead.
        ratio_min: Smallest ratio of a round.
        ratio_max: Largest ratio of a round.
    """

    case: str
    network: str
    ours: float
    rival: float
    unit: str
    ratio_median: float
    ratio_min: float
    ratio_max: float


def compare(
    case: tuple[str, str, str],
    ours: Callable[[], object],
    rival: Callable[[], object],
    scales: tuple[float, float],
    rounds: int = 7,
) -> Comparison:
    """Time two callables in turns, after one call of each to warm up.

    Args:
        case: What is done, on which network, and the unit of the times.
        ours: metagnn's way.
        rival: The rival's way.
        scales: Factors from seconds to the unit, of ours and of the rival, which may do different amounts.
        rounds: Pairs of timings.
    """
    ours()
    rival()
    times = np.empty((rounds, 2))
    for index in range(rounds):
        for column, work in enumerate((ours, rival)):
            started = time.perf_counter()
            work()
            times[index, column] = (time.perf_counter() - started) * scales[column]
    ratios = times[:, 1] / times[:, 0]
    mine, theirs = np.median(times, axis=0)
    what, network, unit = case
    return Comparison(
        what,
        network,
        float(mine),
        float(theirs),
        unit,
        float(np.median(ratios)),
        float(ratios.min()),
        float(ratios.max()),
    )


def compare_errors(case: tuple[str, str, str], ours: Sequence[float], rival: Sequence[float]) -> Comparison:
    """Compare errors repetition by repetition; an error of zero counts as rounding, so that the ratio exists.

    Args:
        case: What is measured, on which network, and the unit.
        ours: metagnn's errors ≥ 0.
        rival: The rival's.
    """
    mine, theirs = (np.maximum(np.asarray(errors, dtype=np.float64), EPSILON) for errors in (ours, rival))
    ratios = theirs / mine
    what, network, unit = case
    return Comparison(
        what,
        network,
        float(np.median(ours)),
        float(np.median(rival)),
        unit,
        float(np.median(ratios)),
        float(ratios.min()),
        float(ratios.max()),
    )


RATIO = "ratio above 1 means that metagnn is ahead"


def write_comparisons(name: str, folder: Path, rows: Sequence[Comparison]) -> None:
    """Write the rows of a benchmark into `NAME.json`.

    Args:
        name: Name of the benchmark.
        folder: Where to write.
        rows: The comparisons.
    """
    text = json.dumps([dataclasses.asdict(row) for row in rows], indent=2, allow_nan=False)
    replace_file(folder / f"{name}.json", text.encode())


def comparison_table(name: str, rows: Sequence[Comparison], note: str = RATIO) -> ResultTable:
    """Show the rows of a benchmark.

    Args:
        name: Name of the benchmark.
        rows: The comparisons.
        note: How to read the last column.
    """
    header = ("case", "network", "ours", "rival", "unit", "ratio (min–max)")
    cells = [
        (
            *(row.case, row.network, f"{row.ours:.3g}", f"{row.rival:.3g}", row.unit),
            f"{row.ratio_median:.3g} ({row.ratio_min:.3g}–{row.ratio_max:.3g})",
        )
        for row in rows
    ]
    return ResultTable(f"{name}: {note}", header, tuple(cells))
