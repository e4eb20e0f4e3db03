import dataclasses

import pytest
import torch
from torch import Tensor

from metagnn.network.conditions import Conditions


def randn(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def everything(samples: int = 6, reactions: int = 4) -> Conditions:
    """Every field filled."""
    lower, upper, measured, deviation = (randn(samples, reactions, seed=seed) for seed in range(4))
    return Conditions(
        lower, upper, measured, deviation, closed=lower > 0.5, features=randn(samples, 2, seed=4),
        time=torch.arange(float(samples)), exchanges=("EX_a", "EX_o"), feature_names=("pH", "strain"),
    )  # fmt: skip


TENSORS = [field.name for field in dataclasses.fields(Conditions) if field.name not in ("exchanges", "feature_names")]


def test_only_the_bounds_are_needed() -> None:
    bounds = randn(3, 4), randn(3, 4, seed=1)
    conditions = Conditions(*bounds)
    assert len(conditions) == 3
    assert (conditions.lower, conditions.upper) == bounds
    assert [getattr(conditions, name) for name in TENSORS[2:]] == [None] * len(TENSORS[2:])
    assert conditions.exchanges == ()
    part = conditions.rows([2, 0])
    assert torch.equal(part.lower, bounds[0][[2, 0]])
    assert (part.measured, part.closed, part.features, part.time) == (None, None, None, None)


@pytest.mark.parametrize("name", TENSORS)
def test_every_field_follows_its_rows(name: str) -> None:
    whole = everything()
    expected = getattr(whole, name)
    assert torch.equal(getattr(whole.rows([4, 1]), name), expected[[4, 1]])
    assert torch.equal(getattr(Conditions.join(whole.split(4)), name), expected)
    assert getattr(whole.to("meta"), name).device.type == "meta"
    assert [len(getattr(part, name)) for part in whole.split(4)] == [4, 2]


def test_the_named_exchanges_stay() -> None:
    whole = everything()
    for conditions in (whole.rows([0]), whole.to("cpu"), Conditions.join(whole.split(2))):
        assert conditions.exchanges == ("EX_a", "EX_o")
        assert conditions.feature_names == ("pH", "strain")


def test_conditions_are_not_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        everything().lower = randn(6, 4)
