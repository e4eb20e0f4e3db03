import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from metagnn.losses import masked_mse


def randn(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 100_000), scaled=st.booleans())
def test_it_is_the_mean_over_what_was_observed(seed, scaled):
    predicted, observed, scale = randn(6, 5, seed=seed), randn(6, 5, seed=seed + 1), 0.1 + randn(5, seed=2).abs()
    hidden = randn(6, 5, seed=seed + 2) > 0.3
    errors = [
        ((predicted[i, j] - observed[i, j]) / (scale[j] if scaled else 1.0)) ** 2
        for i in range(6)
        for j in range(5)
        if not hidden[i, j]
    ]
    assert 0 < len(errors) < 30
    loss = masked_mse(predicted, observed.masked_fill(hidden, torch.nan), scale if scaled else None)
    assert loss.item() == pytest.approx(float(torch.stack(errors).mean()))


def test_complete_targets_give_the_plain_mean_squared_error():
    predicted, observed = randn(4, 3), randn(4, 3, seed=1)
    assert torch.allclose(masked_mse(predicted, observed), torch.nn.functional.mse_loss(predicted, observed))
    assert masked_mse(observed, observed) == 0


def test_what_was_not_observed_has_no_gradient_and_poisons_none():
    predicted = randn(4, 3).requires_grad_()
    observed = randn(4, 3, seed=1)
    observed[1:3, 1] = torch.nan
    masked_mse(predicted, observed, torch.tensor([1.0, 2.0, 0.5]).double()).backward()
    assert predicted.grad is not None
    assert predicted.grad.isfinite().all()
    assert torch.equal(predicted.grad == 0, torch.isnan(observed))
    assert torch.autograd.gradcheck(lambda v: masked_mse(v, observed), (predicted,))


def test_a_prediction_of_nan_where_nothing_was_observed_has_no_influence():
    predicted = torch.tensor([1.0, torch.nan], requires_grad=True)
    loss = masked_mse(predicted, torch.tensor([3.0, torch.nan]))
    loss.backward()
    assert loss.item() == 4.0
    assert predicted.grad is not None
    assert predicted.grad.tolist() == [-4.0, 0.0]


def test_nothing_observed_is_no_loss():
    predicted = randn(4, 3).requires_grad_()
    loss = masked_mse(predicted, torch.full((4, 3), torch.nan).double())
    loss.backward()
    assert loss.item() == 0.0
    assert predicted.grad is not None
    assert not predicted.grad.any()


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 100_000), scaled=st.booleans())
def test_a_row_of_weight_two_counts_as_the_row_twice_and_one_of_weight_zero_as_none(seed, scaled):
    predicted, observed = randn(6, 5, seed=seed), randn(6, 5, seed=seed + 1)
    observed[randn(6, 5, seed=seed + 2) > 0.3] = torch.nan
    scale = 0.1 + randn(5, seed=2).abs() if scaled else None
    weight = torch.ones_like(observed)
    weight[1], weight[4] = 2.0, 0.0
    rows = [0, 1, 1, 2, 3, 5]
    expected = masked_mse(predicted[rows], observed[rows], scale)
    assert torch.allclose(masked_mse(predicted, observed, scale, weight), expected, rtol=1e-12)
    # What was not observed has no say, whatever it weighs; and only ratios of weights count.
    loud = torch.where(torch.isnan(observed), 1e6, weight)
    assert torch.equal(masked_mse(predicted, observed, scale, loud), masked_mse(predicted, observed, scale, weight))
    assert torch.allclose(masked_mse(predicted, observed, scale, 7 * weight), expected, rtol=1e-12)


def test_no_weights_are_weights_of_one_to_the_digit():
    predicted, observed = randn(6, 5).requires_grad_(), randn(6, 5, seed=1)
    observed[randn(6, 5, seed=2) > 0.3] = torch.nan
    plain, ones = (masked_mse(predicted, observed, None, weight) for weight in (None, torch.ones_like(observed)))
    assert torch.equal(plain, ones)
    slopes = [torch.autograd.grad(loss, predicted)[0] for loss in (plain, ones)]
    assert torch.equal(*slopes)


def test_what_weighs_nothing_has_no_gradient_and_poisons_none():
    predicted = randn(4, 3).requires_grad_()
    observed, weight = randn(4, 3, seed=1), randn(4, 3, seed=2).abs()
    observed[1:3, 1], weight[:, 2] = torch.nan, 0.0
    masked_mse(predicted, observed, None, weight).backward()
    assert predicted.grad is not None
    assert predicted.grad.isfinite().all()
    assert torch.equal(predicted.grad == 0, torch.isnan(observed) | (weight == 0))
    assert torch.autograd.gradcheck(lambda v: masked_mse(v, observed, None, weight), (predicted,))
    assert masked_mse(predicted, observed, None, torch.zeros_like(weight)).item() == 0.0
