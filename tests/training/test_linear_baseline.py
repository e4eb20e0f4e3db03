import dataclasses

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.linear_model import Ridge, RidgeCV
from sklearn.model_selection import LeaveOneOut, cross_val_predict
from sklearn.preprocessing import StandardScaler

from metagnn.training.linear_baseline import PENALTIES, UnderfitWarning, ridge_error, ridge_left_out, warn_underfit


def test_rows_left_out_are_those_of_scikit_learn():
    random = np.random.default_rng(0)
    inputs = np.column_stack([random.normal(size=(30, 4)), np.ones(30)])
    targets = inputs[:, :3] @ random.normal(size=(3, 2)) + random.normal(size=(30, 2))
    standard = StandardScaler().fit_transform(inputs)
    penalty = RidgeCV(PENALTIES).fit(standard, targets).alpha_
    theirs = cross_val_predict(Ridge(penalty), standard, targets, cv=LeaveOneOut())
    assert np.allclose(ridge_left_out(inputs, targets), theirs, atol=1e-6)


def test_a_model_is_named_only_where_the_regression_fits_better(samples):
    scale = samples.scale(growth_index=5)
    error = ridge_error(samples, scale)
    assert 0 <= error < 1
    history = pd.DataFrame({"epoch": [0, 1], "flux_error": [5.0, error + 0.5]})
    with pytest.warns(
        UnderfitWarning,
        match=rf"after 2 epochs .* {0.5 - error:.3f} .* regression {1 - error:.3f} when each is left out",
    ):
        warn_underfit(history, samples, scale)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("warnings.warn", lambda *_, **__: pytest.fail("warned"))
        warn_underfit(history.assign(flux_error=error), samples, scale)
        warn_underfit(history.drop(columns="flux_error"), samples, scale)


def test_targets_with_gaps_are_not_compared(samples):
    observed = samples.observed.clone()
    observed[0, 5] = torch.nan
    gaps = dataclasses.replace(samples, observed=observed)
    assert ridge_error(gaps, samples.scale(growth_index=5)) is None
