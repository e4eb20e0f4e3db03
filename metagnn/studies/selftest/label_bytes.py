"""Checks that labels do not depend on order, neighbours or workers, to the last bit."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd

from metagnn.fba.simulate import simulate_fluxes
from metagnn.studies.selftest.cases import Cases
from metagnn.studies.selftest.check import Measurement

METHODS = ("min_norm", "pfba", "fba")


def any_order(cases: Cases) -> Measurement:
    """Count media whose labels change when the rows are shuffled."""
    media = cases.media(cases.count(200), 8)
    shuffled = media.sample(frac=1.0, random_state=cases.seed)
    return _count(cases, media, {method: _label(cases, shuffled, method).loc[media.index] for method in METHODS})


def alone(cases: Cases) -> Measurement:
    """Count media whose labels change when they are labelled alone."""
    media = cases.media(cases.count(40), 9)
    rows = [media.iloc[[row]] for row in range(len(media))]
    return _count(cases, media, {method: pd.concat([_label(cases, row, method) for row in rows]) for method in METHODS})


def workers(cases: Cases) -> Measurement:
    """Count media whose labels change with two worker processes."""
    media = cases.media(cases.count(200), 10)
    return _count(cases, media, {method: _label(cases, media, method, 2) for method in METHODS})


def _label(cases: Cases, media: pd.DataFrame, method: str, jobs: int = 1) -> pd.DataFrame:
    with warnings.catch_warnings():
        # Some media have no flux.
        warnings.simplefilter("ignore", UserWarning)
        return simulate_fluxes(cases.core, media, method, jobs=jobs, progress=False).fluxes


def _count(cases: Cases, media: pd.DataFrame, others: dict[str, pd.DataFrame]) -> Measurement:
    changed = 0
    for method, other in others.items():
        one, two = (np.ascontiguousarray(table.to_numpy()) for table in (_label(cases, media, method), other))
        changed += sum(row.tobytes() != again.tobytes() for row, again in zip(one, two, strict=True))
    return Measurement(changed, 0, "labels that change", f"{len(media)} media, {len(others)} methods")
