import copy
import dataclasses
import pickle

import numpy as np
import pandas as pd
import pytest
import scipy.linalg
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from metagnn.analysis.reconciliation.exchange_laws import find_exchange_laws
from metagnn.errors import InputError, NetworkError
from metagnn.fba import simulate_fluxes
from metagnn.network import MetabolicNetwork
from metagnn.network.elements import balance_weights
from metagnn.nn.biomass import COMPOSITIONS, BiomassComposition, check_composition
from metagnn.nn.biomass_column import LEAST_LEFT
from metagnn.nn.steady_state import nullspace_basis
from metagnn.testing import random_network, toy_network

HELD = ("C", "N", "electrons", "P", "charge")
TRAINABLE = ("elemental", "precursor")

seeds = st.integers(0, 2**32 - 1)


class Call(nn.Module):
    """One method of a composition as a function of its parameters."""

    def __init__(self, composition: BiomassComposition, method: str) -> None:
        super().__init__()
        self.composition, self.method = composition, method

    def forward(self) -> Tensor:
        result = getattr(self.composition, self.method)()
        return torch.stack(result) if isinstance(result, tuple) else result

    def at(self, raw: Tensor) -> Tensor:
        return torch.func.functional_call(self, {"composition.raw": raw}, ())


def own_column(network: MetabolicNetwork) -> Tensor:
    return network.stoichiometry.to_dense()[:, network.reaction_index(network.growth_reaction)]


def moved(network: MetabolicNetwork, kind: str, seed: int = 0, logarithmic: bool = True) -> BiomassComposition:
    """A composition away from the model's own, as after training."""
    composition = BiomassComposition(network, kind, logarithmic)
    generator = torch.Generator().manual_seed(seed)
    composition.raw.data = 0.2 * torch.randn(composition.raw.shape, dtype=torch.float64, generator=generator)
    return composition


def check_basis(network: MetabolicNetwork, composition: BiomassComposition) -> None:
    S = network.stoichiometry.with_column(composition.growth_index, composition.column().detach())
    basis = composition.basis().detach()
    assert basis.dtype == torch.float64
    assert torch.allclose(basis.T @ basis, torch.eye(basis.shape[1], dtype=torch.float64), atol=1e-9)
    assert S(basis.T).abs().max() < 1e-9
    # Not by leaving growth out.
    assert basis[composition.growth_index].abs().max() > 1e-6


def with_formulas(network: MetabolicNetwork, seed: int) -> MetabolicNetwork:
    random = np.random.default_rng(seed)
    table = tuple(
        dataclasses.replace(m, formula={e: float(random.integers(1, 9)) for e in "CHNO"}, charge=0.0)
        for m in network.metabolite_table
    )
    return dataclasses.replace(network, metabolite_table=table)


@pytest.fixture(scope="module")
def elemental(core: MetabolicNetwork) -> BiomassComposition:
    composition = BiomassComposition(core, "elemental")
    composition.reset_contents(36.0, 7.5)
    return composition


@pytest.mark.parametrize("kind", COMPOSITIONS)
@pytest.mark.parametrize("logarithmic", [True, False])
def test_it_starts_at_the_model_s_own_column(core: MetabolicNetwork, kind, logarithmic):
    composition = BiomassComposition(core, kind, logarithmic)
    assert torch.equal(composition.column(), own_column(core))
    assert not composition.change().any()
    for content, element in zip(composition.contents(), "CN", strict=True):
        own = -core.element_balance(element).to_dense()[0, composition.growth_index]
        assert content.item() == pytest.approx(own.item(), rel=1e-12)
    assert composition() == composition.contents()


def test_fixed_has_nothing_to_train_or_to_save(core: MetabolicNetwork):
    fixed = BiomassComposition(core)
    assert (fixed.kind, fixed.trainable) == ("fixed", False)
    assert not list(fixed.parameters())
    assert not fixed.state_dict()
    assert torch.equal(fixed.basis(), nullspace_basis(core.stoichiometry))


@pytest.mark.parametrize(("kind", "parameters"), [("elemental", 2), ("precursor", None)])
def test_only_the_parameters_are_saved_and_they_bring_the_composition_back(core: MetabolicNetwork, kind, parameters):
    composition, other = moved(core, kind), BiomassComposition(core, kind)
    state = composition.state_dict()
    assert list(state) == ["raw"]
    assert len(state["raw"]) == (parameters or int((own_column(core) != 0).sum()))
    assert not torch.allclose(other.column(), composition.column())
    other.load_state_dict(state)
    assert torch.equal(other.column(), composition.column())
    assert torch.equal(other.basis(), composition.basis())


@settings(max_examples=10, deadline=None)
@given(alpha=st.floats(20, 60), beta=st.floats(2, 15), logarithmic=st.booleans())
def test_contents_are_what_they_were_set_to_and_gamma_and_all_but_h_and_o_stay(
    core: MetabolicNetwork, alpha, beta, logarithmic
):
    composition = BiomassComposition(core, "elemental", logarithmic)
    composition.reset_contents(alpha, beta)
    assert [content.item() for content in composition.contents()] == pytest.approx([alpha, beta], rel=1e-9)
    changed = core.with_biomass(composition.column().detach().numpy())
    gamma = core.biomass_content("electrons") / core.biomass_content("C")
    for balance in HELD:
        new, old = (network.biomass_content(balance) for network in (changed, core))
        wanted = {"C": alpha, "N": beta, "electrons": gamma * alpha}.get(balance, old)
        assert new == pytest.approx(wanted, abs=1e-8), balance


def test_a_content_that_is_not_given_is_the_model_s_own(core: MetabolicNetwork):
    composition = BiomassComposition(core, "elemental")
    own = [content.item() for content in composition.contents()]
    composition.reset_contents(alpha=30.0, beta=9.0)
    composition.reset_contents(beta=8.0)
    assert [content.item() for content in composition.contents()] == pytest.approx([own[0], 8.0])


def test_only_metabolites_of_biomass_change(core: MetabolicNetwork, elemental: BiomassComposition):
    for composition in (elemental, moved(core, "precursor")):
        change = composition.change().detach()
        assert change.abs().max() > 1e-3
        assert not change[own_column(core) == 0].any()


@settings(max_examples=20, deadline=None)
@given(alpha=st.floats(25, 55), beta=st.floats(4, 9))
def test_the_column_is_that_of_the_reconciliation(core: MetabolicNetwork, alpha, beta):
    composition = BiomassComposition(core, "elemental")
    composition.reset_contents(alpha, beta)
    more = alpha - core.biomass_content("C")
    gamma = core.biomass_content("electrons") / core.biomass_content("C")
    laws = find_exchange_laws(core, np.isin(np.array(core.reactions), core.exchanges))
    column = laws.biomass.column_at(np.array([more, beta - core.biomass_content("N"), gamma * more]))
    np.testing.assert_allclose(composition.column().detach().numpy(), column, atol=1e-10)
    assert (composition.column() * own_column(core) >= (LEAST_LEFT - 1e-9) * own_column(core) ** 2).all()


def laws_of_biomass(network: MetabolicNetwork) -> tuple[np.ndarray, np.ndarray]:
    """Balances and conserved moieties of the metabolites of biomass; one law a row."""
    growth = network.reaction_index(network.growth_reaction)
    growthless = np.delete(network.stoichiometry.to_dense().numpy(), growth, axis=1)
    entries = np.flatnonzero(own_column(network).numpy())
    balances = np.array([balance_weights(network.metabolite_table, balance) for balance in HELD])
    return balances[:, entries], scipy.linalg.null_space(growthless.T).T[:, entries]


def test_the_change_is_the_least_relative_one_that_meets_the_laws(core: MetabolicNetwork, elemental):
    own = own_column(core).numpy()
    laws = np.concatenate(laws_of_biomass(core))
    change = elemental.change().detach().numpy()[own != 0]
    moved = np.abs(change) > 1e-12
    # ATP, ADP, phosphate, water, protons and NADPH turn over: they stay.
    assert 10 < moved.sum() < len(change)
    relative = change[moved] / own[own != 0][moved]
    scaled = (laws * own[own != 0])[:, moved]
    free = scipy.linalg.null_space(scaled)
    assert free.shape[1] > 0
    for seed in range(10):
        other = relative + free @ np.random.default_rng(seed).normal(scale=0.1, size=free.shape[1])
        np.testing.assert_allclose(scaled @ other, laws @ change, atol=1e-9)
        assert np.linalg.norm(other) > np.linalg.norm(relative)


def test_without_the_moieties_nothing_would_grow(core: MetabolicNetwork, elemental: BiomassComposition):
    balances, moieties = laws_of_biomass(core)
    entries = own_column(core).numpy() != 0
    change = elemental.change().detach().numpy()[entries]
    assert np.abs(moieties @ change).max() < 1e-9
    naive = np.linalg.lstsq(balances, balances @ change, rcond=None)[0]
    assert np.linalg.norm(naive) < np.linalg.norm(change)
    column = own_column(core).numpy().copy()
    column[entries] += naive
    growth = {}
    for name, biomass in (("naive", column), ("ours", elemental.column().detach().numpy())):
        solved = simulate_fluxes(core.with_biomass(biomass), pd.DataFrame({"EX_glc__D_e": [10.0]}), "fba")
        growth[name] = solved.growth.item()
    assert growth["naive"] == pytest.approx(0.0, abs=1e-6)
    assert growth["ours"] > 0.5


@pytest.mark.parametrize("method", ["column", "contents", "basis"])
def test_where_a_coefficient_would_turn_the_gradient_is_that_of_the_piece(core: MetabolicNetwork, method):
    composition = BiomassComposition(core, "elemental")
    composition.reset_contents(30.0, 9.0)
    linear = own_column(core) + composition.directions @ composition._parameter_change().detach()
    assert (linear * own_column(core)).min() < 0
    assert (composition.column() * own_column(core)).min() >= 0
    check_basis(core, composition)
    raw = composition.raw.detach().clone().requires_grad_()
    assert torch.autograd.gradcheck(Call(composition, method).at, (raw,), fast_mode=True)
    jacobian = torch.func.jacrev(Call(composition, "column").at)(raw.detach())
    assert torch.allclose(composition.column_sensitivity().detach(), jacobian, atol=1e-12)


def test_a_copy_and_a_pickle_are_the_same_composition(core: MetabolicNetwork):
    composition = BiomassComposition(core, "elemental")
    composition.reset_contents(30.0, 9.0)
    for again in (copy.deepcopy(composition), pickle.loads(pickle.dumps(composition))):
        assert torch.equal(again.column(), composition.column())
        again.reset_contents()
    assert composition.contents()[0].item() == pytest.approx(30.0)


@pytest.mark.parametrize("kind", TRAINABLE)
@pytest.mark.parametrize("logarithmic", [True, False])
def test_the_basis_is_orthonormal_and_spans_all_that_balances(core: MetabolicNetwork, kind, logarithmic):
    composition = moved(core, kind, 1, logarithmic)
    check_basis(core, composition)
    basis = composition.basis().detach()
    S = core.stoichiometry.with_column(composition.growth_index, composition.column().detach())
    exact = nullspace_basis(S)
    assert torch.allclose(basis @ basis.T, exact @ exact.T, atol=1e-9)
    own = nullspace_basis(core.stoichiometry)
    assert (basis @ basis.T - own @ own.T).abs().max() > 1e-5


@settings(max_examples=20, deadline=None)
@given(seed=seeds, logarithmic=st.booleans())
def test_the_basis_spans_all_that_balances_in_random_networks(seed, logarithmic):
    network = with_formulas(random_network(seed), seed)
    composition = moved(network, "precursor", seed % 1000, logarithmic)
    check_basis(network, composition)
    basis = composition.basis().detach()
    S = network.stoichiometry.with_column(composition.growth_index, composition.column().detach())
    exact = nullspace_basis(S)
    assert torch.allclose(basis @ basis.T, exact @ exact.T, atol=1e-8)


@pytest.mark.parametrize("kind", TRAINABLE)
def test_the_basis_holds_at_genome_scale(iJO1366: MetabolicNetwork, kind):
    composition = moved(iJO1366, kind, 2)
    assert composition.change().abs().max() > 1e-3
    check_basis(iJO1366, composition)


@pytest.mark.parametrize("kind", TRAINABLE)
def test_parameters_change_the_last_column_only(core: MetabolicNetwork, kind):
    composition = moved(core, kind, 0)
    before = composition.basis().detach()
    composition.raw.data += 0.1
    after = composition.basis().detach()
    assert torch.equal(before[:, :-1], after[:, :-1])
    assert (before[:, -1] - after[:, -1]).abs().max() > 1e-6
    assert before[composition.growth_index, :-1].abs().max() < 1e-12


@settings(max_examples=10, deadline=None)
@given(seed=seeds, kind=st.sampled_from(TRAINABLE))
def test_steady_state_closes_carbon_and_nitrogen_with_alpha_and_beta(core: MetabolicNetwork, seed, kind):
    composition = moved(core, kind, seed % 1000)
    basis = composition.basis().detach()
    weights = torch.randn(4, basis.shape[1], dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
    fluxes = 10 * weights @ basis.T
    growth = fluxes[:, composition.growth_index]
    assert growth.abs().min() > 0
    exchanged = fluxes.clone()
    exchanged[:, composition.growth_index] = 0.0
    for content, element in zip(composition.contents(), "CN", strict=True):
        surplus = core.element_balance(element)(exchanged).squeeze(-1)
        assert torch.allclose(surplus, content.detach() * growth, rtol=0, atol=1e-8)
        own = -core.element_balance(element).to_dense()[0, composition.growth_index]
        assert abs(content.item() - own.item()) > 1e-6


def test_a_network_with_the_new_column_grows_and_balances(core: MetabolicNetwork, elemental: BiomassComposition):
    column = elemental.column().detach()
    media = pd.DataFrame({"EX_glc__D_e": [5.0, 10.0], "EX_o2_e": [20.0, 10.0]})
    fluxes = torch.from_numpy(simulate_fluxes(core.with_biomass(column.numpy()), media, "fba").fluxes.to_numpy())
    assert fluxes[:, elemental.growth_index].min() > 0.1
    # The fluxes lie in the span of the basis.
    basis = elemental.basis().detach()
    assert torch.allclose(fluxes @ basis @ basis.T, fluxes, atol=1e-8)


@pytest.mark.parametrize("kind", TRAINABLE)
@pytest.mark.parametrize("logarithmic", [True, False])
@pytest.mark.parametrize("method", ["column", "contents", "basis"])
def test_gradients_are_exact(core: MetabolicNetwork, kind, logarithmic, method):
    composition = moved(core, kind, 3, logarithmic)
    raw = composition.raw.detach().clone().requires_grad_()
    assert torch.autograd.gradcheck(Call(composition, method).at, (raw,), fast_mode=True)
    jacobian = torch.func.jacrev(Call(composition, method).at)(raw.detach())
    assert jacobian.abs().max() > 1e-6


@pytest.mark.parametrize("kind", TRAINABLE)
@pytest.mark.parametrize("logarithmic", [True, False])
def test_sensitivity_is_how_the_making_of_biomass_moves(core: MetabolicNetwork, kind, logarithmic):
    composition = moved(core, kind, 4, logarithmic)
    raw, call = composition.raw.detach().clone(), Call(composition, "basis")

    def making(at: Tensor) -> Tensor:
        """The last column, of one unit of growth."""
        last = call.at(at)[:, -1].detach()
        return last / last[composition.growth_index]

    sensitivity = composition.sensitivity().detach()
    assert sensitivity.shape == (95, len(raw))
    for parameter in range(len(raw)):
        step = torch.zeros_like(raw)
        step[parameter] = 1e-5
        slope = (making(raw + step) - making(raw - step)) / 2e-5
        assert torch.allclose(sensitivity[:, parameter], slope, rtol=1e-5, atol=1e-5), parameter


@pytest.mark.parametrize("kind", TRAINABLE)
@pytest.mark.parametrize("logarithmic", [True, False])
def test_column_sensitivity_is_the_jacobian_of_the_column(core: MetabolicNetwork, kind, logarithmic):
    composition = moved(core, kind, 4, logarithmic)
    jacobian = torch.func.jacrev(Call(composition, "column").at)(composition.raw.detach())
    assert torch.allclose(composition.column_sensitivity().detach(), jacobian, rtol=1e-12, atol=1e-12)


def test_parameters_are_ratios_or_differences(core: MetabolicNetwork):
    ratios, differences = (BiomassComposition(core, "elemental", logarithmic) for logarithmic in (True, False))
    own = [content.item() for content in ratios.contents()]
    ratios.raw.data[:] = torch.tensor([0.1, -0.2])
    differences.raw.data[:] = torch.tensor([3.0, -1.5])
    assert [c.item() for c in ratios.contents()] == pytest.approx([own[0] * np.exp(0.1), own[1] * np.exp(-0.2)])
    assert [c.item() for c in differences.contents()] == pytest.approx([own[0] + 3.0, own[1] - 1.5])


def test_casting_the_module_keeps_the_digits_of_steady_state(core: MetabolicNetwork):
    composition = moved(core, "elemental").float()
    assert composition.raw.dtype == torch.float32
    check_basis(core, composition)


def test_unknown_kinds_are_refused_with_the_nearest(core: MetabolicNetwork):
    with pytest.raises(InputError, match="`composition`: 'elementel' is no composition; did you mean 'elemental'"):
        BiomassComposition(core, "elementel")
    for kind in COMPOSITIONS:
        check_composition(kind)


@pytest.mark.parametrize("kind", ["fixed", "precursor"])
def test_only_elemental_starts_at_given_contents(core: MetabolicNetwork, kind):
    with pytest.raises(InputError, match=f"`kind` is '{kind}'; only an 'elemental' composition starts"):
        BiomassComposition(core, kind).reset_contents(40.0, 6.0)


@pytest.mark.parametrize("value", [0.0, -1.0, float("inf"), float("nan")])
@pytest.mark.parametrize("name", ["alpha", "beta"])
def test_contents_that_are_not_positive_are_refused(core: MetabolicNetwork, name, value):
    composition = BiomassComposition(core, "elemental")
    with pytest.raises(InputError, match=f"`{name}` is {value}; expected a positive content"):
        composition.reset_contents(**{name: value})
    assert not composition.change().any()


EQUATIONS = {"EX_a": "a <=>", "EX_b": "b <=>", "growth": "a + b ->"}


def test_a_network_without_formulas_has_no_contents_to_train():
    network = toy_network(EQUATIONS, "growth")
    for kind in TRAINABLE:
        with pytest.raises(NetworkError, match="toy has no C balance: 'a', 'b' cross its border with no formula"):
            BiomassComposition(network, kind)
    assert torch.equal(BiomassComposition(network).basis(), nullspace_basis(network.stoichiometry))


def test_a_network_without_growth_has_no_biomass():
    with pytest.raises(NetworkError, match="toy has no objective"):
        BiomassComposition(toy_network({"EX_a": "a <=>"}))


@pytest.mark.parametrize("kind", TRAINABLE)
def test_biomass_that_cannot_be_made_is_refused(kind):
    network = toy_network(
        EQUATIONS | {"growth": "a + b + c ->"}, "growth", formulas={"a": "C", "b": "N", "c": "C5H5N5"}
    )
    with pytest.raises(NetworkError, match="toy cannot make its biomass at steady state, whatever the bounds"):
        BiomassComposition(network, kind)


@pytest.mark.parametrize(
    ("growth", "formulas", "element"),
    [("a ->", {"a": "CN", "b": "N"}, "C"), ("a + b ->", {"a": "C", "b": "HN"}, "N")],
)
def test_biomass_that_cannot_change_an_element_alone_is_refused(growth, formulas, element):
    network = toy_network(EQUATIONS | {"growth": growth}, "growth", formulas=formulas)
    with pytest.raises(NetworkError, match=f"the biomass of toy cannot change its {element} alone"):
        BiomassComposition(network, "elemental")
    assert BiomassComposition(network, "precursor").trainable


def test_a_biomass_small_enough_to_do_by_hand():
    network = toy_network(EQUATIONS | {"growth": "a + 2 b ->"}, "growth", formulas={"a": "C2", "b": "N"})
    composition = BiomassComposition(network, "elemental")
    assert [content.item() for content in composition.contents()] == [2.0, 2.0]
    composition.reset_contents(alpha=3.0, beta=5.0)
    assert composition.column().tolist() == pytest.approx([-1.5, -5.0])
    # Growth of one takes up 1.5 a and 5 b: (−1.5, −5, 1), scaled to length one.
    making = torch.tensor([-1.5, -5.0, 1.0], dtype=torch.float64)
    assert torch.allclose(composition.basis()[:, 0], making / making.norm())
