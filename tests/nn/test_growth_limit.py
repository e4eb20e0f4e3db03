import pytest
import torch

from metagnn.nn.growth_limit import limit_growth
from metagnn.nn.reaction_groups import ReactionGroups


def groups(ratio: float) -> ReactionGroups:
    return ReactionGroups(torch.tensor([0, 1, 1]).numpy(), torch.tensor([1.0, 1.0, ratio]).numpy())


def tensor(values: object) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float64)


LOW, HIGH = tensor([[0.0, -9.0]] * 3), tensor([[4.0, 9.0], [2.0, 9.0], [torch.inf, 9.0]])


def test_growth_is_at_most_the_smallest_of_the_cuts():
    cuts = tensor([[0.5, 0.0], [2.0, 0.0]])
    low, high = limit_growth(LOW, HIGH, cuts, groups(2.0), 2)
    assert torch.equal(low, LOW)
    # Half an uptake of 4 is a growth of 2: a group value of 1, of which growth is twice. No uptake bound, no limit.
    assert high.tolist() == [[4.0, 1.0], [2.0, 0.5], [torch.inf, 9.0]]


def test_growth_that_runs_against_its_group_is_limited_from_below():
    low, high = limit_growth(LOW, HIGH, tensor([[0.5, 0.0]]), groups(-1.0), 2)
    assert low.tolist() == [[0.0, -2.0], [0.0, -1.0], [0.0, -9.0]]
    assert torch.equal(high, HIGH)


def test_lower_bounds_that_cost_growth_count():
    low, high = tensor([[1.0, -9.0]]), tensor([[4.0, 9.0]])
    # Growth is what one unit less of the first demand leaves.
    assert limit_growth(low, high, tensor([[-3.0, 0.0]]), groups(1.0), 2)[1].tolist() == [[4.0, -3.0]]


@pytest.mark.parametrize("ratio", [1.0, -1.0])
def test_limits_never_cross_the_other_bound_and_without_cuts_nothing_changes(ratio: float):
    low, high = tensor([[0.0, 3.0]]), tensor([[1.0, 4.0]])
    if ratio < 0:
        low, high = tensor([[0.0, -4.0]]), tensor([[1.0, -3.0]])
    limited = limit_growth(low, high, tensor([[0.5, 0.0]]), groups(ratio), 2)
    assert torch.all(limited[0] <= limited[1])
    assert torch.equal(limited[0 if ratio > 0 else 1], low if ratio > 0 else high)
    same = limit_growth(low, high, torch.zeros(0, 2), groups(ratio), 2)
    assert torch.equal(same[0], low)
    assert torch.equal(same[1], high)
