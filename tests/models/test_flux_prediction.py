import dataclasses

import pytest
import torch

from metagnn.models import FluxPrediction


def test_growth_is_the_flux_of_the_growth_reaction():
    fluxes = torch.arange(24.0, dtype=torch.float64).reshape(2, 3, 4)
    prediction = FluxPrediction(fluxes, growth_index=1)
    assert torch.equal(prediction.growth, fluxes[:, :, 1])
    assert prediction.growth.shape == (2, 3)


def test_gradients_of_growth_reach_its_flux_only():
    fluxes = torch.zeros(2, 3, dtype=torch.float64, requires_grad=True)
    FluxPrediction(fluxes, 2).growth.sum().backward()
    assert fluxes.grad is not None
    assert fluxes.grad.tolist() == [[0.0, 0.0, 1.0]] * 2


def test_a_prediction_is_not_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        FluxPrediction(torch.zeros(1, 2), 0).growth_index = 1
