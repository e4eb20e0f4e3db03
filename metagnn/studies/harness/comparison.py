"""Two ways to do the same, timed in turns."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

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
    """Time two callables in turns; each is called once before, to warm up.

    Args:
        case: What is done, on which network, and the unit of the times.
        ours: metagnn's way.
        rival: The rival's way.
        scales: What one second is in the unit, for ours and for the rival (they may do different amounts).
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
    """A row of errors, repetition by repetition; no error at all counts as rounding, for a ratio needs one.

    Args:
        case: What is wrong by that much, on which network, and the unit.
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
