"""Compare labels of many media with a loop over cobra, and measure how the order of the media moves them."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import cobra.exceptions
import cobra.flux_analysis
import cobra.io
import numpy as np
import pandas as pd

from metagnn.datasets.media import uniform_media
from metagnn.datasets.reference_media import E_COLI_CORE_RANGES, IJO1366_RANGES
from metagnn.fba.simulate import simulate_fluxes
from metagnn.network.from_cobra import load_network
from metagnn.studies.harness.comparison import Comparison, compare, compare_errors
from metagnn.studies.harness.runs import Progress

RANGES = {"e_coli_core": E_COLI_CORE_RANGES, "iJO1366": IJO1366_RANGES}
COBRA_NAMES = {"e_coli_core": "textbook", "iJO1366": "iJO1366"}


@dataclass(frozen=True)
class LabelCase:
    """One comparison.

    Attributes:
        network: Which network.
        method: Ours: "fba", "pfba" or "min_norm".
        rival: cobra's: "slim_optimize" (growth only) or "pfba".
        media: Media that we label in a round, in one call; it builds the solvers, verifies, and makes the table.
        rival_media: Media that the rival solves in a round, with its model built and warm.
    """

    network: str
    method: str
    rival: str
    media: int
    rival_media: int


SPEED = (
    LabelCase("e_coli_core", "fba", "slim_optimize", 1000, 500),
    LabelCase("e_coli_core", "pfba", "pfba", 1000, 30),
    LabelCase("e_coli_core", "min_norm", "pfba", 1000, 30),
    LabelCase("iJO1366", "fba", "slim_optimize", 500, 40),
    LabelCase("iJO1366", "pfba", "pfba", 500, 5),
    LabelCase("iJO1366", "min_norm", "pfba", 100, 5),
)

QUICK = tuple(
    LabelCase("e_coli_core", method, rival, 20, 3)
    for method, rival in (("fba", "slim_optimize"), ("pfba", "pfba"), ("min_norm", "pfba"))
)

ORDER = {"e_coli_core": 500, "iJO1366": 60}
"""Number of media that are labelled in two orders."""


def measure_labels(seed: int, progress: Progress, quick: bool = False) -> list[Comparison]:
    """Compare the time per medium with cobra's, and measure the largest flux that the order of the media moves.

    The rows of order compare our minimum-norm labels with our labels of plain FBA, which any optimum satisfies.
    """
    rows: list[Comparison] = []
    cases, order = (QUICK, {"e_coli_core": 100}) if quick else (SPEED, ORDER)
    total = len(cases) + len(order)
    with warnings.catch_warnings():
        # About 1 % of the core media are infeasible, as expected.
        warnings.simplefilter("ignore")
        for row in _rows(cases, order, seed):
            rows.append(row)
            progress(len(rows), total)
    return rows


def _rows(cases: tuple[LabelCase, ...], order: dict[str, int], seed: int) -> Iterator[Comparison]:
    for case in cases:
        yield _speed(case, seed)
    for name, count in order.items():
        yield _order(name, count, seed)


def _speed(case: LabelCase, seed: int) -> Comparison:
    network, model = load_network(case.network), cobra.io.load_model(COBRA_NAMES[case.network])
    media = uniform_media(RANGES[case.network], case.media, seed=seed)
    rival = {"slim_optimize": cobra.Model.slim_optimize, "pfba": _pfba}[case.rival]
    return compare(
        (f"{case.method} labels of {case.media:,} media / cobra {case.rival}", case.network, "ms per medium"),
        lambda: simulate_fluxes(network, media, case.method),
        lambda: _loop(model, media[: case.rival_media], rival),
        (1e3 / case.media, 1e3 / case.rival_media),
        rounds=5,
    )


def _loop(model: cobra.Model, media: pd.DataFrame, solve: Callable[[cobra.Model], object]) -> None:
    exchanges = [model.reactions.get_by_id(name) for name in media.columns]
    for row in media.to_numpy():
        for exchange, uptake in zip(exchanges, row, strict=True):
            exchange.lower_bound = -uptake
        solve(model)


def _pfba(model: cobra.Model) -> cobra.Solution | None:
    try:
        return cobra.flux_analysis.pfba(model)
    except cobra.exceptions.Infeasible:
        return None


def _order(name: str, count: int, seed: int) -> Comparison:
    network, media = load_network(name), uniform_media(RANGES[name], count, seed=seed)
    shuffled = media.sample(frac=1.0, random_state=seed)
    moved = []
    for method in ("min_norm", "fba"):
        forward = simulate_fluxes(network, media, method).fluxes
        again = simulate_fluxes(network, shuffled, method).fluxes.loc[media.index]
        moved.append([float(np.nanmax(np.abs(forward - again)))])
    return compare_errors(
        (f"largest flux that the order of {count} media moves: min_norm / fba", name, "mmol/gDW/h"), *moved
    )
