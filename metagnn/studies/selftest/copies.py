"""Checks that copies, threads and a saved folder answer as the original does."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pandas as pd
import torch

from metagnn.fba.simulate import simulate_fluxes
from metagnn.predictor import FluxPredictor
from metagnn.studies.selftest.cases import Cases
from metagnn.studies.selftest.check import Measurement

THREADS = 8


def copies_agree(cases: Cases) -> Measurement:
    """Count copies of predictors whose predictions differ in a bit."""
    copies = (copy.deepcopy, lambda made: pickle.loads(pickle.dumps(made)))
    media = cases.media(cases.count(30), 11)
    wrong = [
        not _same(duplicate(predictor).predict(media), predictor.predict(media))
        for predictor in (cases.polytope, cases.steady_state)
        for duplicate in copies
    ]
    return Measurement(sum(wrong), 0, "copies that differ", f"{len(wrong)} copies")


def saved_agree(cases: Cases) -> Measurement:
    """Count saved and loaded predictors whose predictions differ in a bit."""
    media, wrong = cases.media(cases.count(30), 12), []
    for predictor in (cases.polytope, cases.steady_state):
        folder = cases.folder / f"saved_{predictor.constraint}"
        predictor.save(folder)
        wrong.append(not _same(FluxPredictor.load(folder).predict(media), predictor.predict(media)))
    return Measurement(sum(wrong), 0, "predictors that differ", f"{len(wrong)} predictors")


def threads_share_a_predictor(cases: Cases) -> Measurement:
    """Count answers that differ when eight threads ask one predictor at once."""
    tables = [cases.media(cases.count(12), 20 + number) for number in range(THREADS)]
    return _in_threads(cases.polytope.predict, tables, "predictions")


def threads_share_a_network(cases: Cases) -> Measurement:
    """Count labels that differ when eight threads simulate one network at once."""
    tables = [cases.media(cases.count(100), 40 + number) for number in range(THREADS)]
    return _in_threads(lambda media: simulate_fluxes(cases.core, media).fluxes, tables, "labels")


def torch_threads_agree(cases: Cases) -> Measurement:
    """Find the largest difference of predictions with 1, 2 and 4 threads of torch."""
    media, before, tables = cases.media(cases.count(60), 13), torch.get_num_threads(), []
    try:
        for count in (1, 2, 4):
            torch.set_num_threads(count)
            tables.append(np.stack([p.predict(media).to_numpy() for p in (cases.polytope, cases.steady_state)]))
    finally:
        torch.set_num_threads(before)
    worst = max(float(np.nanmax(np.abs(table - tables[0]))) for table in tables)
    agreed = all(np.array_equal(np.isnan(table), np.isnan(tables[0])) for table in tables)
    return Measurement(worst if agreed else np.inf, 1e-9, "mmol/gDW/h", f"{len(media)} media")


def _in_threads(work: Callable[[pd.DataFrame], Any], tables: Sequence[pd.DataFrame], what: str) -> Measurement:
    expected = [work(table) for table in tables]
    with ThreadPoolExecutor(THREADS) as pool:
        got = list(pool.map(work, tables))
    wrong = sum(not _same(one, other) for one, other in zip(got, expected, strict=True))
    return Measurement(wrong, 0, f"{what} that differ", f"{len(tables)} tables in {THREADS} threads")


def _same(one: pd.DataFrame, other: pd.DataFrame) -> bool:
    """Whether two tables hold the same bits."""
    return one.columns.equals(other.columns) and one.to_numpy().tobytes() == other.to_numpy().tobytes()
