import dataclasses

import pytest
import torch
from torch import Tensor, nn

from metagnn.datasets import FluxBatch
from metagnn.errors import NetworkError
from metagnn.losses import masked_mse
from metagnn.models import FluxPrediction
from metagnn.network.conditions import Conditions
from metagnn.testing import toy_network
from metagnn.training import Objective, TrainingConfig, default_objective
from tests.toy_samples import with_rates


@pytest.mark.parametrize(
    ("constraint", "rates", "names"),
    [
        ("steady_state", False, ["flux_error", "bound_violation"]),
        ("steady_state", True, ["flux_error", "measurement_misfit", "bound_violation"]),
        ("soft", False, ["flux_error", "carbon_balance", "nitrogen_balance", "steady_state"]),
        ("soft", True, ["flux_error", "measurement_misfit", "carbon_balance", "nitrogen_balance", "steady_state"]),
    ],
)
def test_the_total_is_the_weighted_sum_of_the_named_terms(toy, samples, wrong, constraint, rates, names):
    config = TrainingConfig(
        bound_weight=0.3, carbon_weight=0.5, nitrogen_weight=0.7, steady_state_weight=0.9, measurement_weight=1.1
    )
    objective = default_objective(toy, constraint, samples.scale(growth_index=5), config, rates)
    batch = with_rates(samples) if rates else samples
    total, terms = objective(wrong, batch)
    weights = {
        "flux_error": 1.0,
        "bound_violation": 0.3,
        "carbon_balance": 0.5,
        "nitrogen_balance": 0.7,
        "steady_state": 0.9,
        "measurement_misfit": 1.1,
    }
    assert list(terms) == names
    assert all(value > 1e-3 for value in terms.values())
    assert total.item() == pytest.approx(sum(weights[name] * terms[name].item() for name in names))
    assert objective.weights == {name: weights[name] for name in names}


def test_the_labels_themselves_lose_nothing(toy, samples):
    for constraint in ("steady_state", "soft"):
        objective = default_objective(toy, constraint, samples.scale(), TrainingConfig(), with_rates=True)
        total, terms = objective(FluxPrediction(samples.observed, 5), with_rates(samples))
        assert len(terms) >= 3
        assert total < 1e-12


def test_soft_is_the_error_and_the_balances_of_mass_carbon_and_nitrogen(toy, samples, wrong):
    scale = samples.scale(growth_index=5)
    _, terms = default_objective(toy, "soft", scale, TrainingConfig())(wrong, samples)
    assert torch.allclose(terms["flux_error"], masked_mse(wrong.fluxes, samples.observed, scale))
    for name, incidence in (
        ("steady_state", toy.stoichiometry),
        ("carbon_balance", toy.element_balance("C")),
        ("nitrogen_balance", toy.element_balance("N")),
    ):
        dense = incidence.to_dense()
        assert torch.allclose(terms[name], (wrong.fluxes @ dense.T).square().mean()), name


def test_terms_give_finite_gradients_next_to_what_is_not_known(toy, samples):
    batch = with_rates(samples)
    hidden = batch.observed.clone()
    hidden[::2, 1:4] = torch.nan
    batch = dataclasses.replace(batch, observed=hidden)
    fluxes = (samples.observed + 0.1).requires_grad_()
    total, _ = default_objective(toy, "soft", samples.scale(), TrainingConfig(), True)(FluxPrediction(fluxes, 5), batch)
    total.backward()
    assert fluxes.grad is not None
    assert fluxes.grad.isfinite().all()
    assert fluxes.grad.any()


def test_any_terms_make_an_objective(samples, wrong):
    class Growth(nn.Module):
        def forward(self, prediction: FluxPrediction, batch: FluxBatch) -> Tensor:
            return prediction.growth.mean()

    total, terms = Objective({"growth": (-2.0, Growth())})(wrong, samples)
    assert torch.allclose(terms["growth"], wrong.fluxes[:, 5].mean())
    assert torch.allclose(total, -2 * terms["growth"])


def test_a_network_without_formulas_learns_without_the_balances_that_nobody_asked_for():
    network = toy_network({"EX_a": "a <=>", "growth": "a ->"}, "growth")
    scale = torch.ones(2, dtype=torch.float64)
    with pytest.warns(UserWarning, match="trained without the") as said:
        soft = default_objective(network, "soft", scale, TrainingConfig())
    assert [str(one.message).split(":")[0] for one in said] == [
        "trained without the carbon balance",
        "trained without the nitrogen balance",
    ]
    assert "'a' cross its border with no formula" in str(said[0].message)
    silent = default_objective(network, "soft", scale, TrainingConfig(carbon_weight=0.0, nitrogen_weight=0.0))
    assert list(soft.weights) == list(silent.weights) == ["flux_error", "steady_state"]
    exact = default_objective(network, "steady_state", scale, TrainingConfig())
    assert list(exact.weights) == ["flux_error", "bound_violation"]


@pytest.mark.parametrize(("option", "balance"), [("carbon", "C"), ("nitrogen", "N"), ("electron", "electrons")])
def test_a_balance_that_was_asked_for_is_refused_without_formulas(option: str, balance: str):
    network = toy_network({"EX_a": "a <=>", "growth": "a ->"}, "growth")
    weights = {"carbon_weight": 0.0, "nitrogen_weight": 0.0, f"{option}_weight": 1e-3}
    with pytest.raises(NetworkError, match=f"toy has no {balance} balance"):
        default_objective(network, "soft", torch.ones(2, dtype=torch.float64), TrainingConfig(**weights))


def test_an_element_that_is_not_there_balances_by_itself():
    network = toy_network({"EX_a": "a <=>", "growth": "a ->"}, "growth", formulas={"a": "C6H12O6"})
    soft = default_objective(network, "soft", torch.ones(2, dtype=torch.float64), TrainingConfig())
    assert list(soft.weights) == ["flux_error", "carbon_balance", "steady_state"]


def test_an_exchanged_metabolite_without_a_formula_is_named():
    network = toy_network({"EX_a": "a <=>", "EX_b": "b <=>", "growth": "a + b ->"}, "growth", formulas={"b": "CN"})
    with pytest.warns(UserWarning, match="toy has no C balance: 'a' cross its border with no formula"):
        default_objective(network, "soft", torch.ones(3, dtype=torch.float64), TrainingConfig(nitrogen_weight=0.0))


def test_moving_the_objective_leaves_the_network_where_it_is(core):
    objective = default_objective(core, "soft", torch.ones(95, dtype=torch.float64), TrainingConfig()).to("meta")
    assert all(buffer.device.type == "meta" for buffer in objective.buffers())
    assert core.stoichiometry.value.device.type == "cpu"
    assert not objective.state_dict()


def test_the_electron_balance_is_there_where_it_has_a_weight(core):
    scale = torch.ones(95, dtype=torch.float64)
    without = default_objective(core, "soft", scale, TrainingConfig())
    assert "electron_balance" not in without.weights
    objective = default_objective(core, "soft", scale, TrainingConfig(electron_weight=0.5))
    assert list(objective.weights) == [
        *("flux_error", "carbon_balance", "nitrogen_balance", "electron_balance", "steady_state")
    ]
    assert objective.weights["electron_balance"] == 0.5
    fluxes = torch.randn((4, 95), dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    batch = FluxBatch(Conditions(fluxes, fluxes), fluxes)
    prediction = FluxPrediction(fluxes, core.reaction_index(core.growth_reaction))
    total, terms = objective(prediction, batch)
    expected = core.element_balance("electrons")(fluxes).square().mean()
    assert torch.allclose(terms["electron_balance"], expected)
    assert torch.allclose(total, without(prediction, batch)[0] + 0.5 * expected)
    exact = default_objective(core, "steady_state", scale, TrainingConfig(electron_weight=0.5))
    assert "electron_balance" not in exact.weights


def test_no_weight_is_no_term(toy):
    scale = torch.ones(6, dtype=torch.float64)
    names = ("steady_state", "carbon", "nitrogen")
    for name in names:
        objective = default_objective(toy, "soft", scale, TrainingConfig(**{f"{name}_weight": 0.0}))
        left = {"steady_state", "carbon_balance", "nitrogen_balance"} - {name, f"{name}_balance"}
        assert set(objective.weights) == {"flux_error"} | left
    nothing = TrainingConfig(**{f"{name}_weight": 0.0 for name in names})
    assert list(default_objective(toy, "soft", scale, nothing).weights) == ["flux_error"]
