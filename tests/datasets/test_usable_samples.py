import dataclasses

import numpy as np
import pytest
import torch

from metagnn.datasets import FluxBatch
from metagnn.datasets.usable_samples import usable_samples
from metagnn.errors import TableError
from metagnn.fba.feasibility import FeasibilityScreen
from metagnn.network import MetabolicNetwork
from metagnn.network.conditions import Conditions


@pytest.fixture
def samples(core: MetabolicNetwork) -> FluxBatch:
    """Eight media: on no glucose, in two, nothing pays for maintenance; nothing was observed of two others."""
    uptakes = np.array([[5.0, 0.0, 7.0, 8.0, 9.0, 10.0, 0.0, 6.0]]).T
    lower, upper = map(torch.from_numpy, core.uptake_bounds(["EX_glc__D_e"], uptakes))
    observed = torch.full((8, 95), torch.nan, dtype=torch.float64)
    observed[[0, 1, 3, 4, 5, 7], 3] = torch.arange(6.0, dtype=torch.float64)
    return FluxBatch(Conditions(lower, upper, exchanges=("EX_glc__D_e",)), observed)


def test_rows_without_a_flux_or_a_target_are_counted_and_left_out(core: MetabolicNetwork, samples: FluxBatch) -> None:
    with pytest.warns(UserWarning, match="3 of 8 rows are left out: 2 are infeasible, 1 more have no"):
        usable = usable_samples(FeasibilityScreen(core), samples)
    kept = [0, 3, 4, 5, 7]
    assert torch.equal(usable.conditions.lower, samples.conditions.lower[kept])
    assert np.array_equal(usable.observed, samples.observed[kept], equal_nan=True)
    assert usable.conditions.measured is None
    assert usable.conditions.exchanges == ("EX_glc__D_e",)
    samples.observed[7] = torch.nan
    with (
        pytest.warns(UserWarning, match="2 more have no"),
        pytest.raises(TableError, match=r"4 of 8 rows can be used \(feasible, with a target\); expected at least 5"),
    ):
        usable_samples(FeasibilityScreen(core), samples)


def test_a_row_whose_every_observation_weighs_nothing_is_one_without_a_target(
    core: MetabolicNetwork, samples: FluxBatch
) -> None:
    observed = samples.observed.clone()
    observed[2, 3] = 1.0
    weight = torch.ones_like(observed)
    # Weights of what was not observed do not make a target.
    weight[4, 3] = 0.0
    weighed = dataclasses.replace(samples, observed=observed, weight=weight)
    with pytest.warns(UserWarning, match="3 of 8 rows are left out: 2 are infeasible, 1 more have no"):
        usable = usable_samples(FeasibilityScreen(core), weighed)
    kept = [0, 2, 3, 5, 7]
    assert torch.equal(usable.conditions.lower, samples.conditions.lower[kept])
    assert usable.weight is not None
    assert torch.equal(usable.weight, weight[kept])
