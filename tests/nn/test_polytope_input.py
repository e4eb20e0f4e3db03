import numpy as np
import pytest
import torch

from metagnn.errors import InputError
from metagnn.network import Incidence
from metagnn.nn import PolytopeProjection
from metagnn.nn.polytope_input import check_directions, check_problem


def one(value: float) -> torch.Tensor:
    return torch.full((1, 2), value, dtype=torch.float64)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"target": float("nan")}, "`target` must be finite"),
        ({"weight": float("nan")}, "`weight` must be positive and finite"),
        ({"lower": float("nan")}, "`lower` is NaN in sample 0, reaction 0; expected a number, or -inf for no bound"),
        ({"upper": float("nan")}, "`upper` is NaN in sample 0, reaction 0; expected a number, or inf for no bound"),
        ({"lower": float("inf"), "upper": float("inf")}, "`lower` is inf in sample 0, reaction 0"),
        ({"lower": -float("inf"), "upper": -float("inf")}, "`upper` is -inf in sample 0, reaction 0"),
        ({"lower": 3.0}, "`lower` exceeds `upper` in sample 0, reaction 0: 3 and 1"),
    ],
)
def test_what_cannot_be_projected_is_named(changed: dict[str, float], message: str) -> None:
    problem = {"target": 0.0, "lower": -1.0, "upper": 1.0, "weight": 1.0} | changed
    with pytest.raises(InputError, match=message):
        check_problem(*(one(value) for value in problem.values()))


def test_a_direction_that_was_removed_is_refused() -> None:
    widest = np.zeros(2), np.ones(2)
    check_directions(one(0.0), one(5.0), widest)
    with pytest.raises(InputError, match="bounds -1, 1 of sample 0, reaction 0 are wider"):
        check_directions(one(-1.0), one(1.0), widest)


@pytest.mark.parametrize(
    ("dtype", "returned"),
    [
        (torch.int64, torch.float64),
        (torch.float16, torch.float16),
        (torch.bfloat16, torch.bfloat16),
        (torch.float32, torch.float32),
    ],
)
def test_targets_of_any_real_dtype_are_projected(dtype: torch.dtype, returned: torch.dtype) -> None:
    chain = Incidence.from_dense([[1.0, -1.0]], rows=["a"], columns=["in", "out"])
    lower, upper = torch.tensor([-0.0, 0.0]), torch.tensor([3, 10])
    fluxes = PolytopeProjection(chain)(torch.tensor([1, 0]).to(dtype), lower, upper, torch.ones(2, dtype=torch.int32))
    assert fluxes.dtype == returned
    assert fluxes.tolist() == [0.5, 0.5]
