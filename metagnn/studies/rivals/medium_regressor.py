"""MediumRegressor on growth curves: traits, and components of the curves as further traits."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd

from metagnn.medium_regressor import MediumRegressor
from metagnn.studies.harness.measured_curves import MeasuredCurves
from metagnn.studies.rivals.measured_curves import LEVEL, CurveAnswer, FittedCurves, components_of


def medium_regressor(train: MeasuredCurves, seed: int) -> FittedCurves:
    """Learn traits and components of the curves from concentrations [mM] and what was measured beforehand."""
    parts = components_of(train.curves)
    scores = pd.DataFrame(parts.transform(train.curves)).add_prefix("component_")
    model = MediumRegressor(train.network, seed=seed)
    with warnings.catch_warnings():
        # What a fit says of unseen sources is what the intervals show.
        warnings.simplefilter("ignore")
        model.fit(train.media, pd.concat([train.traits, scores], axis=1), known_beforehand(train), groups=train.groups)

    def predict(rows: MeasuredCurves) -> CurveAnswer:
        known = known_beforehand(rows)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = model.predict(rows.media, known)
            ends = model.predict_interval(rows.media, LEVEL, known)
        low, high = (end[train.traits.columns[0]].to_numpy() for end in ends)
        curves = parts.inverse_transform(found[list(scores.columns)].to_numpy())
        return CurveAnswer(np.asarray(curves), found[list(train.traits.columns)].to_numpy(), low, high)

    return predict


def known_beforehand(rows: MeasuredCurves) -> pd.DataFrame:
    """Return the first log OD, which rivals have too, or all points that are known, as features."""
    if not rows.before:
        return rows.mechanistic[["first_log_od"]]
    return pd.DataFrame(rows.curves[:, : rows.before]).add_prefix("log_od_")
