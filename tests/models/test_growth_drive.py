import copy
import dataclasses
import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from metagnn.datasets import FluxBatch, uniform_media
from metagnn.fba import simulate_fluxes
from metagnn.losses import masked_mse
from metagnn.models import FluxGNN, FluxGNNConfig
from metagnn.models.growth_drive import AS_GOOD, DRIVES, ROUNDING, fit_growth_drive
from metagnn.network import MetabolicNetwork
from metagnn.network.conditions import Conditions
from metagnn.training import TrainingConfig, default_objective, fit_fluxes

Make = Callable[..., FluxGNN]
CONFIG = TrainingConfig(epochs=120, batch_size=20, learning_rate=0.03)


def predicted_growth(model: FluxGNN, samples: FluxBatch) -> Tensor:
    with torch.no_grad():
        return model(samples.conditions).growth


@pytest.fixture(scope="module")
def half(samples: FluxBatch) -> FluxBatch:
    """Cells that do half of what they could; zero lies within the bounds, so that is feasible."""
    return dataclasses.replace(samples, observed=0.5 * samples.observed)


@pytest.fixture(scope="module")
def fitted(toy: MetabolicNetwork, make_model: Make, half: FluxBatch) -> FluxGNN:
    """A model of these."""
    model = make_model("polytope", hidden_channels=8)
    fit_fluxes(model, default_objective(toy, "polytope", half.scale(growth_index=5), CONFIG), half, CONFIG)
    return model.eval()


@pytest.fixture
def trained(fitted: FluxGNN) -> FluxGNN:
    """A copy, of which a test may change the drive."""
    return copy.deepcopy(fitted)


def test_labels_of_maximal_growth_choose_a_large_drive_and_growth_is_that_of_fba(core: MetabolicNetwork):
    media = uniform_media({"EX_glc__D_e": (3, 10), "EX_o2_e": (3, 20)}, 10)
    bounds = (torch.from_numpy(bound) for bound in core.uptake_bounds(list(media.columns), media.to_numpy()))
    at = core.reaction_index(core.growth_reaction)
    # Of most fluxes nothing was observed.
    observed = torch.full((10, 95), torch.nan, dtype=torch.float64)
    observed[:, at] = growth = torch.from_numpy(simulate_fluxes(core, media, "fba").growth.to_numpy())
    samples = FluxBatch(Conditions(*bounds), observed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = FluxGNN(core, tuple(media.columns), "polytope", FluxGNNConfig(8, 2, steps=4)).eval()
    before = predicted_growth(model, samples)
    assert (before / growth - 1).abs().max() > 0.02
    errors = fit_growth_drive(model, samples, samples.scale(growth_index=at))
    assert model.growth_drive >= 100
    assert torch.allclose(predicted_growth(model, samples), growth, rtol=0, atol=1e-6)
    assert errors[DRIVES[-1]] < 1e-3 * errors[0.0]


def test_where_every_drive_is_right_the_largest_is_taken(make_model: Make, samples: FluxBatch):
    # The bounds leave this model no choice: it is right without any drive.
    model = make_model("polytope").eval()
    errors = fit_growth_drive(model, samples, samples.scale(growth_index=5))
    assert max(errors.values()) < ROUNDING
    assert model.growth_drive == DRIVES[-1]


def test_labels_of_half_that_growth_choose_none(trained: FluxGNN, half: FluxBatch):
    errors = fit_growth_drive(trained, half, half.scale(growth_index=5))
    assert trained.growth_drive <= DRIVES[1]
    assert errors[DRIVES[-1]] > 2 * errors[0.0]
    ratio = predicted_growth(trained, half) / half.observed[:, 5]
    assert ratio.median().item() == pytest.approx(1.0, abs=0.2)


def test_errors_are_those_of_every_drive_and_the_largest_good_one_is_kept(trained: FluxGNN, half: FluxBatch):
    scale = half.scale(growth_index=5)
    errors = fit_growth_drive(trained, half, scale, most=7)
    chosen = trained.growth_drive.item()
    rows = half.rows(torch.linspace(0, 19, 7).round().to(torch.int64))
    assert tuple(errors) == DRIVES
    for drive, error in errors.items():
        trained.growth_drive.fill_(drive)
        with torch.no_grad():
            fluxes = trained(rows.conditions).fluxes
        assert error == pytest.approx(masked_mse(fluxes, rows.observed, scale).item(), rel=1e-6)
    assert min(errors.values()) > ROUNDING
    good = [drive for drive, error in errors.items() if error <= AS_GOOD * min(errors.values())]
    assert chosen == pytest.approx(max(good))


def test_fluxes_that_were_not_observed_are_fine(
    trained: FluxGNN, make_model: Make, half: FluxBatch, samples: FluxBatch
):
    hidden = torch.zeros_like(samples.observed, dtype=torch.bool)
    hidden[:, :4] = True
    hidden[::3] = True
    for model, batch in ((make_model("polytope").eval(), samples), (trained, half)):
        scale = batch.scale(growth_index=5)
        fit_growth_drive(model, batch, scale)
        complete = model.growth_drive.item()
        seen = dataclasses.replace(batch, observed=batch.observed.masked_fill(hidden, torch.nan))
        errors = fit_growth_drive(model, seen, scale)
        assert all(math.isfinite(error) for error in errors.values())
        assert (model.growth_drive.item() >= 100) == (complete >= 100)


def test_a_sample_without_a_feasible_flux_has_no_say(trained: FluxGNN, half: FluxBatch):
    scale = half.scale(growth_index=5)
    expected = fit_growth_drive(trained, half.rows(slice(1, None)), scale)
    chosen = trained.growth_drive.item()
    lower = half.conditions.lower.clone()
    lower[0, 5] = 900.0
    conditions = dataclasses.replace(half.conditions, lower=lower)
    with pytest.warns(UserWarning, match="1 of 20 samples have no nearest feasible flux"):
        errors = fit_growth_drive(trained, dataclasses.replace(half, conditions=conditions), scale)
    assert errors == pytest.approx(expected)
    assert trained.growth_drive.item() == chosen


def test_a_sample_of_weight_zero_has_no_say(trained: FluxGNN, half: FluxBatch):
    scale = half.scale(growth_index=5)
    expected = fit_growth_drive(trained, half.rows(slice(1, None)), scale)
    chosen = trained.growth_drive.item()
    observed, weight = half.observed.clone(), torch.ones_like(half.observed)
    observed[0], weight[0] = 100.0, 0.0
    errors = fit_growth_drive(trained, dataclasses.replace(half, observed=observed, weight=weight), scale)
    assert errors == pytest.approx(expected)
    assert trained.growth_drive.item() == chosen
