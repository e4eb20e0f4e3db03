import math

import pytest
import torch

from metagnn.datasets.flux_batch import FluxBatch
from metagnn.errors import InputError
from metagnn.models.flux_prediction import FluxPrediction
from metagnn.models.medium_prediction import SMALLEST_NOISE, GrowthTerm, MediumPrediction, PosteriorTerm
from metagnn.network.conditions import Conditions

SCALE = torch.tensor([1.0, 0.5], dtype=torch.float64)
NOISE = math.sqrt(1.0 - SMALLEST_NOISE**2)


def prediction(members: list[list[float]], log_uptakes: float = 0.0) -> MediumPrediction:
    """Growth of two samples by two members, with a noise of one spread; reaction 1 grows, 0 is the input."""
    growth = torch.tensor(members, dtype=torch.float64)
    fluxes = torch.stack([torch.full((2,), torch.nan, dtype=torch.float64), growth.mean(1)], dim=1)
    return MediumPrediction(
        fluxes, 1, None, growth, torch.full((2, 2, 1), log_uptakes), torch.ones(2, 2),
        torch.full((2,), math.log(NOISE)), torch.zeros(2), torch.tensor([[0], [-1]]),
    )  # fmt: skip


def batch(growth: list[float], inputs: float = math.nan, weight: list[float] | None = None) -> FluxBatch:
    observed = torch.tensor([[inputs, value] for value in growth], dtype=torch.float64)
    weights = None if weight is None else torch.tensor([[1.0, value] for value in weight], dtype=torch.float64)
    return FluxBatch(Conditions(torch.zeros(2, 2), torch.ones(2, 2)), observed, weights)


def test_errors_count_in_units_of_the_spread_for_every_member() -> None:
    found = PosteriorTerm(SCALE)(prediction([[1.0, 1.0], [1.0, 2.0]]), batch([1.0, 1.0]))
    # One member is one unit off in one of two samples: two spreads.
    assert found.item() == pytest.approx(4.0 / 2 / 2, rel=1e-5)


def test_gaps_and_weights_of_growth_are_kept() -> None:
    members = [[1.0, 1.0], [9.0, 9.0]]
    for samples in (batch([1.0, math.nan]), batch([1.0, 0.0], weight=[1.0, 0.0])):
        assert PosteriorTerm(SCALE)(prediction(members), samples).item() == pytest.approx(0.0, abs=1e-5)
        assert GrowthTerm(SCALE)(prediction(members), samples).item() == pytest.approx(0.0, abs=1e-9)


def test_a_measured_uptake_is_taken_for_the_limit() -> None:
    exact = [[1.0, 1.0], [1.0, 1.0]]
    for limit, same in ((math.log(3.0), True), (math.log(6.0), False), (-math.inf, True)):
        found = PosteriorTerm(SCALE)(prediction(exact, limit), batch([1.0, 1.0], inputs=-3.0))
        assert (found.item() < 1e-5) == same
    # What is given off says nothing of an uptake.
    assert PosteriorTerm(SCALE)(prediction(exact, 5.0), batch([1.0, 1.0], inputs=3.0)).item() < 1e-5


def test_rows_of_several_processes_are_joined_in_all_that_has_rows() -> None:
    joined = prediction([[1.0, 2.0], [3.0, 4.0]]).gathered(lambda rows: torch.cat([rows, rows]))
    assert [len(t) for t in (joined.fluxes, joined.members, joined.share, joined.log_uptakes)] == [4, 4, 4, 4]
    assert len(joined.penalty) == 2


def test_growth_without_members_is_refused() -> None:
    with pytest.raises(InputError, match="`prediction` is a FluxPrediction; expected that of a MediumGNN"):
        PosteriorTerm(SCALE)(FluxPrediction(torch.zeros(2, 2, dtype=torch.float64), 1), batch([1.0, 1.0]))
