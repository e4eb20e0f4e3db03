import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.utils.data import DataLoader

from metagnn.datasets import FluxBatch, FluxDataset
from metagnn.network.conditions import Conditions


def randn(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def batch(samples: int = 6, reactions: int = 4, rates: bool = True) -> FluxBatch:
    lower, upper, observed, measured, deviation = (randn(samples, reactions, seed=seed) for seed in range(5))
    conditions = Conditions(lower, upper, measured, deviation) if rates else Conditions(lower, upper)
    return FluxBatch(conditions, observed, randn(samples, reactions, seed=5).abs() if rates else None)


def tensors(whole: FluxBatch) -> dict[str, Tensor | None]:
    bounds = {name: getattr(whole.conditions, name) for name in ("lower", "upper", "measured", "deviation")}
    return bounds | {"observed": whole.observed, "weight": whole.weight}


def of(observed: Tensor, weight: Tensor | None = None) -> FluxBatch:
    """A batch of which only what was observed matters."""
    return FluxBatch(Conditions(observed, observed), observed, weight)


@pytest.mark.parametrize("rates", [True, False])
@pytest.mark.parametrize("index", [[4, 0, 0], torch.tensor([5, 1])])
def test_rows_are_those_of_every_tensor(rates, index):
    whole = batch(rates=rates)
    part = whole.rows(index)
    assert len(part) == len(index)
    chosen = tensors(part)
    for name, tensor in tensors(whole).items():
        assert (tensor is None) == (chosen[name] is None) == (not rates and name in ("measured", "deviation", "weight"))
        assert tensor is None or torch.equal(chosen[name], torch.stack([tensor[int(i)] for i in index]))


def test_moving_takes_everything_along():
    whole = batch()
    moved = whole.to("meta")
    assert all(tensor.device.type == "meta" for tensor in tensors(moved).values())
    assert all(tensor.device.type == "cpu" for tensor in tensors(whole).values())
    assert batch(rates=False).to("cpu").conditions.measured is None


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_the_scale_is_the_standard_deviation_of_what_was_observed(seed):
    observed = 3 * randn(8, 5, seed=seed)
    observed[randn(8, 5, seed=seed + 1) > 0.5] = torch.nan
    observed[:2] = randn(2, 5, seed=seed + 2)
    scale = of(observed).scale(floor=1e-9)
    for column in range(5):
        seen = observed[:, column][~torch.isnan(observed[:, column])]
        assert scale[column].item() == pytest.approx(seen.std(correction=0).item())


def test_the_scale_has_a_floor_and_growth_a_lower_one():
    observed = torch.tensor([[1.0, 0.5, 0.0, torch.nan], [1.0, 0.501, 9.0, torch.nan]], dtype=torch.float64)
    whole = of(observed)
    assert whole.scale().tolist() == [0.05, 0.05, 4.5, 0.05]
    assert whole.scale(growth_index=1)[1].item() == 1e-3
    assert whole.scale(floor=0.2, growth_floor=0.3, growth_index=1).tolist() == [0.2, 0.3, 4.5, 0.2]
    wide = torch.tensor([[0.0], [2.0]], dtype=torch.float64)
    assert of(wide).scale(growth_index=0).item() == 1.0


def test_a_flux_that_never_varies_is_weighed_by_its_size():
    # Maintenance at twenty in every sample: off by one, it must not outweigh everything that varies.
    constant = torch.tensor([[20.0, -200.0, 20.0], [20.0, -200.0, 22.0]], dtype=torch.float64)
    assert of(constant).scale().tolist() == [1.0, 10.0, pytest.approx(1.05)]


def test_a_loader_hands_over_whole_batches_of_positions():
    whole, positions = batch(), [[5, 0], [3], [1, 2, 4]]
    dataset = FluxDataset(whole)
    assert len(dataset) == len(whole) == 6
    handed = list(DataLoader(dataset, sampler=positions, batch_size=None))
    assert [len(part) for part in handed] == [2, 1, 3]
    for part, rows in zip(handed, positions, strict=True):
        assert isinstance(part, FluxBatch)
        assert torch.equal(part.observed, whole.observed[rows])


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_a_row_of_weight_two_scales_as_the_row_twice_and_one_of_weight_zero_as_none(seed):
    observed = 3 * randn(8, 5, seed=seed)
    observed[randn(8, 5, seed=seed + 1) > 0.5] = torch.nan
    weight = torch.ones(8, 5, dtype=torch.float64)
    weight[2], weight[6] = 2.0, 0.0
    repeated = observed[[0, 1, 2, 2, 3, 4, 5, 7]]
    floors = {"floor": 1e-9, "growth_floor": 1e-9, "growth_index": 3}
    expected = of(repeated).scale(**floors)
    assert torch.allclose(of(observed, weight).scale(**floors), expected, rtol=1e-9, atol=1e-9)
    # What was not observed has no say, whatever it weighs.
    loud = torch.where(torch.isnan(observed), 1e6, weight)
    assert torch.equal(of(observed, loud).scale(**floors), of(observed, weight).scale(**floors))


def test_no_weights_scale_as_weights_of_one_to_the_digit_and_only_their_ratios_count():
    observed = 3 * randn(9, 5)
    observed[randn(9, 5, seed=1) > 0.7] = torch.nan
    assert torch.equal(of(observed, torch.ones_like(observed)).scale(), of(observed).scale())
    weight = randn(9, 5, seed=2).abs()
    assert torch.allclose(of(observed, 7 * weight).scale(), of(observed, weight).scale(), rtol=1e-12)
    assert not torch.allclose(of(observed, weight).scale(), of(observed).scale(), rtol=1e-2)
    # A flux that only rows of weight zero observe has the floor, as one that nobody observed.
    silent = torch.ones_like(observed)
    silent[:, 0] = 0.0
    assert of(observed, silent).scale()[0].item() == 0.05


def test_a_dataset_tells_its_size():
    dataset = FluxDataset(batch(samples=6, reactions=4))
    assert repr(dataset) == "FluxDataset(6 samples, 4 reactions)"
    assert "<th>samples</th><td>6</td>" in dataset._repr_html_()
    assert "<th>reactions</th><td>4</td>" in dataset._repr_html_()
