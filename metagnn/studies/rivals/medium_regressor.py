"""MediumRegressor on growth curves: traits, and components of the curves as further traits."""

from __future__ import annotations

import importlib
import importlib.util
import warnings
from typing import Any

import numpy as np
import pandas as pd

from metagnn.studies.harness.measured_curves import MeasuredCurves
from metagnn.studies.rivals.measured_curves import CurveAnswer, CurveRival, FittedCurves, components_of

LEVEL = 0.9


def medium_regressor(train: MeasuredCurves, seed: int) -> FittedCurves:
    """Learn traits and components of the curves from concentrations [mM]; it has intervals of its own."""
    MediumRegressor: Any = importlib.import_module("metagnn.medium_regressor").MediumRegressor

    parts = components_of(train.curves)
    scores = pd.DataFrame(parts.transform(train.curves)).add_prefix("component_")
    targets = pd.concat([train.traits, scores], axis=1)
    model: Any = MediumRegressor(train.network)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(train.media, targets, groups=train.groups)

    def predict(rows: MeasuredCurves) -> CurveAnswer:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = model.predict(rows.media)
            ends = model.predict_interval(rows.media, level=LEVEL)
        low, high = (end[train.traits.columns[0]].to_numpy() for end in ends)
        curves = parts.inverse_transform(found[list(scores.columns)].to_numpy())
        return CurveAnswer(np.asarray(curves), found[list(train.traits.columns)].to_numpy(), low, high)

    return predict


REGRESSORS: dict[str, CurveRival] = (
    {"ours, MediumRegressor": medium_regressor} if importlib.util.find_spec("metagnn.medium_regressor") else {}
)
"""Ours, by name."""
