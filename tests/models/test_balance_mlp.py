import pytest
import torch
from torch import Tensor

from metagnn.datasets import FluxBatch, uniform_media
from metagnn.errors import InputError, NetworkError, TableError
from metagnn.fba import simulate_fluxes
from metagnn.models import BalanceMLP, BalanceMLPConfig, FluxPrediction
from metagnn.network import MetabolicNetwork
from metagnn.network.conditions import Conditions
from metagnn.testing import toy_network
from metagnn.training import TrainingConfig, default_objective, fit_fluxes

INPUTS = ("EX_glc__D_e", "EX_gln__L_e", "EX_o2_e")
CO2 = "EX_co2_e"
BALANCE_ONLY = TrainingConfig(carbon_weight=1.0, nitrogen_weight=1.0, steady_state_weight=0.0)


@pytest.fixture(scope="module")
def fluxes(core: MetabolicNetwork) -> Tensor:
    """True fluxes of twelve media."""
    media = uniform_media({"EX_glc__D_e": (3, 10), "EX_gln__L_e": (0.5, 5), "EX_o2_e": (3, 20)}, 12)
    return torch.from_numpy(simulate_fluxes(core, media, "fba").fluxes.to_numpy())


def exchanges_only(core: MetabolicNetwork, fluxes: Tensor) -> Tensor:
    measured = torch.full_like(fluxes, torch.nan)
    measured[:, core.exchange_indices] = fluxes[:, core.exchange_indices]
    return measured


@pytest.fixture(scope="module")
def measured(core: MetabolicNetwork, fluxes: Tensor) -> Tensor:
    """The measured exchanges of these; NaN elsewhere."""
    return exchanges_only(core, fluxes)


def model(core: MetabolicNetwork, measured: Tensor, **settings) -> BalanceMLP:
    torch.manual_seed(0)
    return BalanceMLP(core, INPUTS, measured, BalanceMLPConfig(hidden_channels=16, **settings))


def predict(mlp: BalanceMLP, measured: Tensor) -> FluxPrediction:
    return mlp(Conditions(measured, measured, measured))


def test_measured_rates_pass_and_only_growth_is_predicted_without_heads(core, measured):
    fluxes, growth = predict(model(core, measured), measured).fluxes, core.reaction_index(core.growth_reaction)
    assert fluxes.shape == measured.shape
    assert fluxes.dtype == torch.float64
    assert torch.equal(fluxes[:, core.exchange_indices], measured[:, core.exchange_indices])
    known = {*core.exchange_indices.tolist(), growth}
    assert set((~torch.isnan(fluxes)).all(0).nonzero().flatten().tolist()) == known
    assert set((~torch.isnan(fluxes)).any(0).nonzero().flatten().tolist()) == known
    prediction = predict(model(core, measured), measured)
    assert torch.equal(prediction.growth, prediction.fluxes[:, growth])
    assert prediction.growth.std() > 0
    assert prediction.biomass_change is None


def test_each_head_predicts_what_was_not_measured(core, measured):
    co2, growth = core.reaction_index(CO2), core.reaction_index(core.growth_reaction)
    hidden = measured.clone()
    hidden[:, co2] = torch.nan
    assert torch.isnan(predict(model(core, hidden), hidden).fluxes[:, co2]).all()
    with_co2 = predict(model(core, hidden, heads=("co2",)), hidden).fluxes
    assert with_co2[:, co2].isfinite().all()
    assert torch.isnan(with_co2[:, core.reaction_index("PGI")]).all()
    everything = predict(model(core, hidden, heads=("co2", "internal")), hidden).fluxes
    assert everything.isfinite().all()
    inputs = [core.reaction_index(name) for name in INPUTS]
    # What goes in comes out, and the head for CO2 comes before a measurement of it.
    assert torch.equal(everything[:, inputs], measured[:, inputs])
    known = predict(model(core, measured, heads=("co2", "internal")), measured).fluxes
    assert not torch.allclose(known[:, co2], measured[:, co2], atol=1e-2)
    internal = set(model(core, measured, heads=("co2", "internal")).internal_index.tolist())
    assert internal == set(range(95)) - {co2, growth, *inputs}


def test_nothing_but_the_inputs_has_a_say(core, measured):
    mlp = model(core, measured, heads=("co2",))
    predicted = [core.reaction_index(name) for name in (core.growth_reaction, CO2)]
    expected = predict(mlp, measured).fluxes[:, predicted]
    others = [index for index in core.exchange_indices if core.reactions[index] not in INPUTS]
    for changed, same in ((others, True), ([core.reaction_index("EX_o2_e")], False)):
        moved = measured.clone()
        moved[:, changed] += 1.0
        assert torch.equal(predict(mlp, moved).fluxes[:, predicted], expected) == same


def test_co2_reads_the_predicted_growth(core, measured):
    mlp, co2 = model(core, measured, heads=("co2",)), core.reaction_index(CO2)
    before = predict(mlp, measured)
    mlp.growth[-1].bias.data += 1.0
    after = predict(mlp, measured)
    assert torch.allclose(after.growth, before.growth + 1.0, atol=1e-5)
    assert (after.fluxes[:, co2] - before.fluxes[:, co2]).abs().min() > 1e-4
    # And through it, growth hears of errors in CO2.
    after.fluxes[:, co2].sum().backward()
    assert all(p.grad is not None and p.grad.abs().max() > 0 for p in mlp.growth.parameters())


@pytest.mark.parametrize("heads", [(), ("co2",), ("internal",), ("co2", "internal")])
def test_a_batch_is_a_loop_and_leading_dimensions_are_kept(core, measured, heads):
    mlp = model(core, measured, heads=heads)
    together = predict(mlp, measured).fluxes
    alone = torch.stack([predict(mlp, row).fluxes for row in measured])
    assert torch.allclose(together, alone, atol=1e-5, equal_nan=True)
    shaped = predict(mlp, measured.reshape(3, 4, 95)).fluxes
    assert torch.allclose(shaped.reshape(12, 95), together, atol=1e-5, equal_nan=True)


def test_inputs_are_consumption_rates_standardised_by_the_training_samples(core, measured):
    mlp = model(core, measured)
    rates = -measured[:, mlp.input_index]
    assert torch.allclose(mlp.input_mean.double(), rates.mean(0), rtol=1e-5)
    assert torch.allclose(mlp.input_scale.double(), rates.std(0, correction=0), rtol=1e-5)
    raw = model(core, measured, scaled=False)
    assert raw.input_mean.tolist() == [0.0, 0.0, 0.0]
    assert raw.input_scale.tolist() == [1.0, 1.0, 1.0]


def test_units_of_the_rates_matter_only_unscaled(core, measured):
    for scaled in (True, False):
        here, elsewhere = (
            predict(model(core, rates, scaled=scaled), rates).growth for rates in (measured, 1000 * measured)
        )
        assert torch.allclose(here, elsewhere, atol=1e-4) == scaled


def test_a_rate_that_never_varies_is_not_blown_up(core, measured):
    constant = measured.clone()
    constant[:, core.reaction_index("EX_gln__L_e")] = -0.1 + 1e-13 * torch.arange(12)
    mlp = model(core, constant)
    assert mlp.input_scale[1] == 1.0
    assert predict(mlp, constant).growth.abs().max() < 10


@pytest.mark.parametrize("composition", ["fixed", "elemental", "precursor"])
def test_saved_weights_bring_the_same_prediction(core, measured, composition):
    mlp = model(core, measured, heads=("co2", "internal"), composition=composition)
    if composition != "fixed":
        mlp.composition.raw.data += 0.1
    torch.manual_seed(1)
    config = BalanceMLPConfig(16, ("co2", "internal"), composition)
    other = BalanceMLP(core, INPUTS, 2 * measured, config)
    expected = predict(mlp, measured)
    assert not torch.allclose(predict(other, measured).fluxes, expected.fluxes)
    other.load_state_dict(mlp.state_dict())
    again = predict(other, measured)
    assert torch.equal(again.fluxes, expected.fluxes)
    if composition != "fixed":
        assert expected.biomass_change.abs().max() > 1e-3
        assert torch.equal(again.biomass_change, expected.biomass_change)


@pytest.mark.parametrize("composition", ["elemental", "precursor"])
def test_the_balances_reach_a_trainable_composition(core, fluxes, measured, composition):
    mlp = model(core, measured, heads=("co2", "internal"), composition=composition)
    prediction = predict(mlp, measured)
    assert torch.equal(prediction.biomass_change, mlp.composition.change())
    objective = default_objective(core, "soft", torch.ones(95, dtype=torch.float64), BALANCE_ONLY)
    _, terms = objective(prediction, FluxBatch(Conditions(measured, measured), fluxes))
    for name in ("carbon_balance", "nitrogen_balance"):
        gradient = torch.autograd.grad(terms[name], mlp.composition.raw, retain_graph=True)[0]
        assert gradient.isfinite().all()
        assert gradient.abs().max() > 1e-3
    if composition == "elemental":
        # Carbon says nothing of beta, nitrogen nothing of alpha.
        for name, silent in (("carbon_balance", 1), ("nitrogen_balance", 0)):
            gradient = torch.autograd.grad(terms[name], mlp.composition.raw, retain_graph=True)[0]
            assert abs(gradient[silent]) < 1e-9


def test_the_balances_vanish_exactly_at_the_true_composition(core, fluxes, measured):
    mlp = model(core, measured, heads=("co2", "internal"), composition="elemental")
    objective = default_objective(core, "soft", torch.ones(95, dtype=torch.float64), BALANCE_ONLY)
    batch = FluxBatch(Conditions(measured, measured), fluxes)
    growth = core.reaction_index(core.growth_reaction)
    own = [content.item() for content in mlp.composition.contents()]

    def losses(alpha: float, beta: float) -> tuple[float, float]:
        mlp.composition.reset_contents(alpha, beta)
        _, terms = objective(FluxPrediction(fluxes, growth, mlp.composition.change()), batch)
        return terms["carbon_balance"].item(), terms["nitrogen_balance"].item()

    assert max(losses(*own)) < 1e-15
    for alpha, beta in ((1.1, 1.0), (0.9, 1.0), (1.0, 1.1), (1.0, 0.9)):
        carbon, nitrogen = losses(alpha * own[0], beta * own[1])
        # A tenth of the content, grown.
        size = fluxes[:, growth].square().mean().item()
        assert carbon == pytest.approx(((alpha - 1) * own[0]) ** 2 * size, abs=1e-12)
        assert nitrogen == pytest.approx(((beta - 1) * own[1]) ** 2 * size, abs=1e-12)
        assert max(carbon, nitrogen) > 1e-2


def test_it_can_learn_growth(core, fluxes, measured):
    mlp, growth = model(core, measured), core.reaction_index(core.growth_reaction)
    optimizer = torch.optim.Adam(mlp.parameters(), 1e-2)
    losses = []
    for _ in range(80):
        optimizer.zero_grad()
        loss = (predict(mlp, measured).growth - fluxes[:, growth]).square().mean()
        loss.backward()
        losses.append(loss.item())
        optimizer.step()
    assert losses[-1] < 0.05 * losses[0]


def test_gaps_in_the_inputs_are_refused_and_elsewhere_allowed(core, measured):
    mlp, gap = model(core, measured), measured.clone()
    gap[3, core.reaction_index("EX_ac_e")] = torch.nan
    assert predict(mlp, gap).growth.isfinite().all()
    gap[3, core.reaction_index("EX_o2_e")] = torch.nan
    with pytest.raises(InputError, match="`measured` has gaps in the inputs; a BalanceMLP needs a rate for each input"):
        predict(mlp, gap)


def test_unknown_settings_are_refused(core, measured):
    with pytest.raises(InputError, match="`heads`: 'internals' is no head; did you mean 'internal'"):
        BalanceMLPConfig(heads=("internals",))
    with pytest.raises(InputError, match="`hidden_channels` is 0; expected at least 1"):
        BalanceMLPConfig(hidden_channels=0)
    with pytest.raises(InputError, match="'elementary' is no composition; did you mean 'elemental'"):
        model(core, measured, composition="elementary")
    with pytest.raises(TableError, match="'EX_glc_e' is no exchange of e_coli_core; did you mean 'EX_glc__D_e'"):
        BalanceMLP(core, ["EX_glc_e"], measured)


def test_a_network_without_growth_or_co2_is_refused():
    equations = {"EX_a": "a <=>", "growth": "a ->"}
    rates = torch.zeros(3, 2, dtype=torch.float64)
    with pytest.raises(NetworkError, match="toy has no objective"):
        BalanceMLP(toy_network(equations), ["EX_a"], rates)
    network = toy_network(equations, "growth", formulas={"a": "C6H12O6"})
    with pytest.raises(NetworkError, match="toy has 0 exchanges of CO2"):
        BalanceMLP(network, ["EX_a"], rates, BalanceMLPConfig(heads=("co2",)))
    assert predict(BalanceMLP(network, ["EX_a"], rates), rates).growth.shape == (3,)


def test_a_balance_of_what_nobody_measured_or_predicts_is_refused(core: MetabolicNetwork):
    inputs = ("EX_glc__D_e", "EX_o2_e")
    rates = torch.full((8, len(core.reactions)), torch.nan, dtype=torch.float64)
    for position, name in enumerate(inputs):
        rates[:, core.reaction_index(name)] = -torch.rand(8, dtype=torch.float64) - position
    growth = torch.full_like(rates, torch.nan)
    growth[:, core.reaction_index(core.growth_reaction)] = 0.5
    batch = FluxBatch(Conditions(rates, rates, rates, torch.ones_like(rates)), growth)
    config = TrainingConfig(epochs=2, steady_state_weight=0.0)
    objective = default_objective(core, "soft", torch.ones(len(core.reactions), dtype=torch.float64), config)
    with pytest.raises(InputError, match="carbon_balance, nitrogen_balance cannot be computed"):
        fit_fluxes(BalanceMLP(core, inputs, rates), objective, batch, config, progress=False)
