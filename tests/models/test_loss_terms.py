import dataclasses

import pytest
import torch

from metagnn.datasets import FluxBatch
from metagnn.losses import BalanceLoss
from metagnn.models import FluxPrediction
from metagnn.models.loss_terms import BalanceTerm, BoundTerm, MeasurementTerm, SupervisedTerm
from metagnn.network.conditions import Conditions
from metagnn.network.elements import balance_weights
from metagnn.nn import BiomassComposition
from tests.toy_samples import with_rates


def test_steady_state_keeps_to_the_bounds(samples, wrong):
    outside = torch.relu(wrong.fluxes - samples.conditions.upper) + torch.relu(samples.conditions.lower - wrong.fluxes)
    assert torch.allclose(BoundTerm()(wrong, samples), outside.square().mean())


def test_measured_rates_are_weighed_by_their_deviations(samples, wrong):
    batch = with_rates(samples)
    expected = ((wrong.fluxes[:, 0] - samples.observed[:, 0]) / 0.5).square().mean()
    assert torch.allclose(MeasurementTerm()(wrong, batch), expected)
    assert MeasurementTerm()(wrong, samples) == 0


def test_only_what_was_observed_counts_in_units_of_its_spread(samples, wrong):
    scale = torch.arange(1.0, 7.0, dtype=torch.float64)
    hidden = samples.observed.clone()
    hidden[:, 1:] = torch.nan
    batch = dataclasses.replace(samples, observed=hidden)
    assert torch.allclose(
        SupervisedTerm(scale)(wrong, batch), (wrong.fluxes[:, 0] - samples.observed[:, 0]).square().mean()
    )


def test_an_observation_of_weight_two_counts_twice_and_one_of_weight_zero_not_at_all(samples, wrong):
    term = SupervisedTerm(samples.scale(growth_index=5))
    weight = torch.ones_like(samples.observed)
    weight[3], weight[7] = 2.0, 0.0
    rows = [row for row in range(20) if row != 7] + [3]
    prediction = dataclasses.replace(wrong, fluxes=wrong.fluxes[rows])
    weighed = term(wrong, dataclasses.replace(samples, weight=weight))
    assert torch.allclose(weighed, term(prediction, samples.rows(rows)), rtol=1e-12)
    assert not torch.allclose(weighed, term(wrong, samples), rtol=1e-3)
    assert torch.equal(term(wrong, dataclasses.replace(samples, weight=torch.ones_like(weight))), term(wrong, samples))


@pytest.mark.parametrize("balance", ["S", "C", "N", "electrons"])
def test_a_balance_is_that_of_the_network_with_the_predicted_biomass(core, balance):
    composition = BiomassComposition(core, "elemental")
    composition.reset_contents(30.0, 7.0)
    changed = core.with_biomass(composition.column().detach().numpy())
    random = torch.Generator().manual_seed(0)
    fluxes = torch.randn((4, 95), dtype=torch.float64, generator=random)
    growth = core.reaction_index(core.growth_reaction)

    def operator(network):
        return network.stoichiometry if balance == "S" else network.element_balance(balance)

    weights = None if balance == "S" else torch.from_numpy(balance_weights(core.metabolite_table, balance))[None]
    term = BalanceTerm(BalanceLoss(operator(core)), weights)
    batch = FluxBatch(Conditions(fluxes, fluxes), fluxes)
    own, other = (term(FluxPrediction(fluxes, growth, change), batch) for change in (None, composition.change()))
    assert torch.allclose(own, operator(core)(fluxes).square().mean())
    assert torch.allclose(other, operator(changed)(fluxes).square().mean())
    assert not torch.allclose(own, other, rtol=1e-3)
    (gradient,) = torch.autograd.grad(other, composition.raw)
    assert gradient.abs().max() > 0
