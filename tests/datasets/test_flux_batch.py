import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.utils.data import DataLoader

from metagnn.datasets import FluxBatch, FluxDataset

NAMES = ("lower", "upper", "observed", "measured", "deviation")


def randn(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def batch(samples: int = 6, reactions: int = 4, rates: bool = True) -> FluxBatch:
    tensors = [randn(samples, reactions, seed=seed) for seed in range(5)]
    return FluxBatch(*tensors) if rates else FluxBatch(*tensors[:3])


@pytest.mark.parametrize("rates", [True, False])
@pytest.mark.parametrize("index", [[4, 0, 0], torch.tensor([5, 1])])
def test_rows_are_those_of_every_tensor(rates, index):
    whole = batch(rates=rates)
    part = whole.rows(index)
    assert len(part) == len(index)
    for name in NAMES:
        tensor, chosen = getattr(whole, name), getattr(part, name)
        assert (tensor is None) == (chosen is None) == (not rates and name in ("measured", "deviation"))
        assert tensor is None or torch.equal(chosen, torch.stack([tensor[int(i)] for i in index]))


def test_moving_takes_everything_along():
    whole = batch()
    moved = whole.to("meta")
    assert all(getattr(moved, name).device.type == "meta" for name in NAMES)
    assert all(getattr(whole, name).device.type == "cpu" for name in NAMES)
    assert batch(rates=False).to("cpu").measured is None


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_the_scale_is_the_standard_deviation_of_what_was_observed(seed):
    observed = 3 * randn(8, 5, seed=seed)
    observed[randn(8, 5, seed=seed + 1) > 0.5] = torch.nan
    observed[:2] = randn(2, 5, seed=seed + 2)
    scale = FluxBatch(observed, observed, observed).scale(floor=1e-9)
    for column in range(5):
        seen = observed[:, column][~torch.isnan(observed[:, column])]
        assert scale[column].item() == pytest.approx(seen.std(correction=0).item())


def test_the_scale_has_a_floor_and_growth_a_lower_one():
    observed = torch.tensor([[1.0, 0.5, 0.0, torch.nan], [1.0, 0.501, 9.0, torch.nan]], dtype=torch.float64)
    whole = FluxBatch(observed, observed, observed)
    assert whole.scale().tolist() == [0.05, 0.05, 4.5, 0.05]
    assert whole.scale(growth_index=1)[1].item() == 1e-3
    assert whole.scale(floor=0.2, growth_floor=0.3, growth_index=1).tolist() == [0.2, 0.3, 4.5, 0.2]
    wide = torch.tensor([[0.0], [2.0]], dtype=torch.float64)
    assert FluxBatch(wide, wide, wide).scale(growth_index=0).item() == 1.0


def test_a_flux_that_never_varies_is_weighed_by_its_size():
    # Maintenance at twenty in every sample: off by one, it must not outweigh everything that varies.
    constant = torch.tensor([[20.0, -200.0, 20.0], [20.0, -200.0, 22.0]], dtype=torch.float64)
    assert FluxBatch(constant, constant, constant).scale().tolist() == [1.0, 10.0, pytest.approx(1.05)]


def test_a_loader_hands_over_whole_batches_of_positions():
    whole, positions = batch(), [[5, 0], [3], [1, 2, 4]]
    dataset = FluxDataset(whole)
    assert len(dataset) == len(whole) == 6
    handed = list(DataLoader(dataset, sampler=positions, batch_size=None))
    assert [len(part) for part in handed] == [2, 1, 3]
    for part, rows in zip(handed, positions, strict=True):
        assert isinstance(part, FluxBatch)
        assert torch.equal(part.observed, whole.observed[rows])
