import numpy as np
import pandas as pd
import pytest
import torch

from metagnn.datasets import read_conditions
from metagnn.datasets.usable_samples import usable_samples
from metagnn.errors import TableError
from metagnn.fba.feasibility import FeasibilityScreen
from metagnn.network import MetabolicNetwork


def test_rows_without_a_flux_or_a_target_are_counted_and_left_out(core: MetabolicNetwork) -> None:
    # On no glucose nothing pays for maintenance.
    media = pd.DataFrame({"EX_glc__D_e": [5.0, 0.0, 7.0, 8.0, 9.0, 10.0, 0.0, 6.0]})
    observed = torch.full((8, 95), torch.nan, dtype=torch.float64)
    observed[[0, 1, 3, 4, 5, 7], 3] = torch.arange(6.0, dtype=torch.float64)
    conditions = read_conditions(core, media, "max_uptake")
    with pytest.warns(UserWarning, match="3 of 8 rows are left out: 2 that no flux can satisfy, 1 more without an"):
        samples = usable_samples(FeasibilityScreen(core), conditions, observed)
    kept = [0, 3, 4, 5, 7]
    assert torch.equal(samples.lower, conditions.lower[kept])
    assert np.array_equal(samples.observed, observed[kept], equal_nan=True)
    assert samples.measured is None
    observed[7] = torch.nan
    with (
        pytest.warns(UserWarning, match="2 more without"),
        pytest.raises(TableError, match=r"4 of 8 rows can be used \(feasible, with a target\); expected at least 5"),
    ):
        usable_samples(FeasibilityScreen(core), conditions, observed)
