import numpy as np
import pytest
import torch
from torch import Tensor

from metagnn.datasets import uniform_media
from metagnn.datasets.flux_batch import FluxBatch
from metagnn.errors import InputError, NetworkError
from metagnn.fba import simulate_fluxes
from metagnn.network import MetabolicNetwork
from metagnn.network.conditions import Conditions
from metagnn.nn import SteadyStateProjection
from metagnn.studies.rivals.feed_forward import SMALLEST_SPREAD, FeedForward, FeedForwardConfig, fit_feed_forward
from metagnn.testing import assert_balanced, toy_network
from metagnn.training.config import TrainingConfig


@pytest.fixture(scope="module")
def samples(core: MetabolicNetwork) -> tuple[Tensor, Tensor, Tensor]:
    media = uniform_media({"EX_glc__D_e": (3, 10), "EX_o2_e": (3, 20)}, 12)
    fluxes = simulate_fluxes(core, media).fluxes.to_numpy()
    lower, upper = core.uptake_bounds(list(media.columns), media.to_numpy())
    return torch.from_numpy(lower), torch.from_numpy(upper), torch.from_numpy(fluxes)


def model(core: MetabolicNetwork, lower: Tensor, fluxes: Tensor, metric: str = "plain") -> FeedForward:
    torch.manual_seed(0)
    return FeedForward(core, FluxBatch(Conditions(lower, lower), fluxes), FeedForwardConfig(16, metric))


def test_predictions_are_at_steady_state_in_float64(core: MetabolicNetwork, samples):
    lower, upper, fluxes = samples
    prediction = model(core, lower, fluxes)(Conditions(lower, upper))
    assert prediction.fluxes.shape == (12, 95)
    assert_balanced(core, prediction.fluxes, tolerance=1e-9)
    growth = core.reaction_index(core.growth_reaction)
    assert torch.equal(prediction.growth, prediction.fluxes[:, growth])
    assert prediction.fluxes.abs().max() > 1


def test_only_what_varies_goes_in_standardised(core: MetabolicNetwork, samples):
    lower, _, fluxes = samples
    mlp = model(core, lower, fluxes)
    assert [core.reactions[i] for i in mlp.input_index] == [
        name for name in core.reactions if name in ("EX_glc__D_e", "EX_o2_e")
    ]
    inputs = (lower[:, mlp.input_index].float() - mlp.input_mean) / mlp.input_scale
    assert torch.allclose(inputs.mean(0), torch.zeros(2), atol=1e-5)
    assert torch.allclose(inputs.std(0, correction=0), torch.ones(2), atol=1e-5)


def test_a_silent_network_predicts_the_mean_of_the_training_fluxes(core: MetabolicNetwork, samples):
    lower, upper, fluxes = samples
    mlp = model(core, lower, fluxes)
    torch.nn.init.zeros_(mlp.layers[-1].weight)
    torch.nn.init.zeros_(mlp.layers[-1].bias)
    assert torch.allclose(mlp(Conditions(lower, upper)).fluxes, fluxes.mean(0).expand(12, 95), atol=1e-4)


def test_fluxes_that_never_vary_stay_put_before_the_projection(core: MetabolicNetwork, samples):
    lower, _, fluxes = samples
    mlp = model(core, lower, fluxes)
    constant = fluxes.std(0, correction=0) == 0
    assert constant.any()
    assert not mlp.output_scale[constant].any()


def test_a_batch_is_a_loop_and_leading_dimensions_are_kept(core: MetabolicNetwork, samples):
    lower, upper, fluxes = samples
    mlp = model(core, lower, fluxes)
    together = mlp(Conditions(lower, upper)).fluxes
    alone = torch.stack([mlp(Conditions(low, high)).fluxes for low, high in zip(lower, upper, strict=True)])
    assert torch.allclose(together, alone, atol=1e-4)
    assert mlp(Conditions(lower.reshape(3, 4, 95), upper.reshape(3, 4, 95))).growth.shape == (3, 4)
    assert together.std(dim=0).max() > 1e-2


def test_gradients_reach_every_parameter_and_it_can_learn(core: MetabolicNetwork, samples):
    lower, upper, fluxes = samples
    mlp = model(core, lower, fluxes)
    optimizer = torch.optim.Adam(mlp.parameters(), 1e-2)
    losses = []
    for _ in range(60):
        optimizer.zero_grad()
        loss = (mlp(Conditions(lower, upper)).fluxes - fluxes).square().mean()
        loss.backward()
        losses.append(loss.item())
        optimizer.step()
    assert all(parameter.grad is not None and parameter.grad.abs().max() > 0 for parameter in mlp.parameters())
    assert losses[-1] < 0.05 * losses[0]


def test_saved_weights_bring_their_standardisation(core: MetabolicNetwork, samples):
    lower, upper, fluxes = samples
    mlp = model(core, lower, fluxes)
    other = model(core, lower, 2 * fluxes)
    assert not torch.allclose(other(Conditions(lower, upper)).fluxes, mlp(Conditions(lower, upper)).fluxes, atol=1e-2)
    other.load_state_dict(mlp.state_dict())
    assert torch.equal(other(Conditions(lower, upper)).fluxes, mlp(Conditions(lower, upper)).fluxes)


def test_moving_the_model_leaves_the_network_where_it_is(core: MetabolicNetwork, samples):
    lower, _, fluxes = samples
    moved = model(core, lower, fluxes).to("meta")
    assert moved.projection.basis.device.type == "meta"
    assert core.stoichiometry.value.device.type == "cpu"


def test_a_network_without_growth_is_refused():
    network = toy_network({"EX_a": "a <=>", "r": "a ->"})
    nothing = torch.zeros(3, 2).double()
    with pytest.raises(NetworkError, match="toy has no objective"):
        FeedForward(network, FluxBatch(Conditions(nothing, nothing), nothing))


def test_the_metric_of_the_spread_moves_least_what_varies_least(core: MetabolicNetwork, samples):
    lower, upper, fluxes = samples
    mlp = model(core, lower, fluxes, "spread").eval()
    assert mlp.output_scale.min() == pytest.approx(SMALLEST_SPREAD)
    answer = mlp(Conditions(lower, upper)).fluxes
    assert_balanced(core, answer, tolerance=1e-9)
    # In training it skips the projection; the answer is that projection, in the metric 1/σ².
    raw = mlp.train()(Conditions(lower, upper)).fluxes
    weights = mlp.output_scale.double() ** -2
    assert torch.allclose(SteadyStateProjection(core.stoichiometry)(raw, weights), answer)
    assert (core.stoichiometry(raw).abs().max() > 1e-3).item()
    plain = SteadyStateProjection(core.stoichiometry)(raw)
    distance = [((raw - projected) / mlp.output_scale).square().sum() for projected in (answer, plain)]
    assert distance[0] < distance[1]


def test_reactions_that_were_not_observed_are_not_predicted(core: MetabolicNetwork, samples):
    lower, upper, fluxes = samples
    growth = core.reaction_index(core.growth_reaction)
    observed = torch.full_like(fluxes, torch.nan)
    observed[:, growth] = fluxes[:, growth]
    training = TrainingConfig(epochs=150, learning_rate=1e-2)
    mlp, history = fit_feed_forward(
        core, FluxBatch(Conditions(lower, upper), observed), FeedForwardConfig(16), training, 0
    )
    predicted = mlp(Conditions(lower, upper)).fluxes.detach()
    assert np.flatnonzero(~torch.isnan(predicted).any(0).numpy()).tolist() == [growth]
    assert torch.allclose(predicted[:, growth], fluxes[:, growth], rtol=0.05)
    assert history["loss"].iloc[-1] < 0.05 * history["loss"].iloc[0]
    with pytest.raises(InputError, match="observe no reaction in every sample"):
        model(core, lower, torch.full_like(fluxes, torch.nan))


@pytest.mark.parametrize("metric", ["plain", "spread"])
def test_training_repeats_itself_and_depends_on_the_seed(core: MetabolicNetwork, samples, metric: str):
    lower, upper, fluxes = samples
    batch = FluxBatch(Conditions(lower, upper), fluxes)
    config, training = FeedForwardConfig(16, metric), TrainingConfig(epochs=4, batch_size=4)
    state = torch.random.get_rng_state()
    first, again, other = (fit_feed_forward(core, batch, config, training, seed)[0] for seed in (0, 0, 1))
    assert torch.equal(torch.random.get_rng_state(), state)
    assert torch.equal(first(batch.conditions).fluxes, again(batch.conditions).fluxes)
    assert not torch.allclose(first(batch.conditions).fluxes, other(batch.conditions).fluxes)


def test_an_unknown_metric_is_refused():
    with pytest.raises(InputError, match=r"`metric`: .*plain"):
        FeedForwardConfig(metric="planar")
