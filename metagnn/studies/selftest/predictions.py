"""Checks of predicted fluxes: steady state, bounds, and no medium lost that some flux satisfies."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import scipy.optimize

from metagnn.fba.simulate import media_bounds
from metagnn.predictor import FluxPredictor
from metagnn.studies.selftest.cases import Cases
from metagnn.studies.selftest.check import Measurement

LAW = 1e-9
"""Largest |S·v| and violation of a bound, relative to max(1, max|v|)."""

UNIT = "of max(1, max|v|)"


def polytope_balances(cases: Cases) -> Measurement:
    """Find the largest |S·v| of "polytope"."""
    return _imbalance(cases.polytope, _media(cases))


def polytope_bounds(cases: Cases) -> Measurement:
    """Find the largest violation of a bound of "polytope"."""
    media = _media(cases)
    fluxes = _predict(cases.polytope, media)
    lower, upper = media_bounds(cases.core, media)
    violation = np.maximum(lower - fluxes, fluxes - upper).max(axis=1, initial=0.0) / _size(fluxes)
    return _worst(violation, media)


def polytope_answers(cases: Cases) -> Measurement:
    """Count media on which "polytope" and HiGHS disagree whether a flux exists."""
    media = _media(cases)
    answered = ~np.isnan(_predict(cases.polytope, media)).any(axis=1)
    S = cases.core.stoichiometry.to_scipy()
    nothing = np.zeros(S.shape[0])
    possible = [
        scipy.optimize.linprog(np.zeros(S.shape[1]), A_eq=S, b_eq=nothing, bounds=np.stack(limits, axis=1)).status == 0
        for limits in zip(*media_bounds(cases.core, media), strict=True)
    ]
    return Measurement(
        int((answered != np.array(possible)).sum()), 0, "other verdicts than HiGHS", f"{len(media)} media"
    )


def steady_state_balances(cases: Cases) -> Measurement:
    """Find the largest |S·v| of "steady_state"."""
    return _imbalance(cases.steady_state, _media(cases))


def _media(cases: Cases) -> pd.DataFrame:
    """Random media, and some with uptakes from 1e-6 to 1e6 [mmol/gDW/h]."""
    media = cases.media(cases.count(300), 2)
    powers = np.random.default_rng(cases.seed).uniform(-6, 6, (len(media) // 4, len(media.columns)))
    return pd.concat([media, pd.DataFrame(10.0**powers, columns=media.columns)], ignore_index=True)


def _imbalance(predictor: FluxPredictor, media: pd.DataFrame) -> Measurement:
    fluxes = _predict(predictor, media)
    S = predictor.network.stoichiometry.to_scipy()
    return _worst(np.abs(S @ fluxes.T).max(axis=0) / _size(fluxes), media)


def _predict(predictor: FluxPredictor, media: pd.DataFrame) -> np.ndarray:
    with warnings.catch_warnings():
        # Some media have no flux.
        warnings.simplefilter("ignore", UserWarning)
        return predictor.predict(media).to_numpy()


def _size(fluxes: np.ndarray) -> np.ndarray:
    size: np.ndarray = np.maximum(np.abs(fluxes).max(axis=1), 1.0)
    return size


def _worst(errors: np.ndarray, media: pd.DataFrame) -> Measurement:
    answered = errors[~np.isnan(errors)]
    return Measurement(float(answered.max()) if len(answered) else np.nan, LAW, UNIT, f"{len(media)} media")
