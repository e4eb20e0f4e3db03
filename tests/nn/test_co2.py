import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from metagnn.datasets import uniform_media
from metagnn.errors import NetworkError
from metagnn.fba import simulate_fluxes
from metagnn.network import MetabolicNetwork
from metagnn.nn import BiomassComposition, CO2Readout, nullspace_basis
from metagnn.nn.co2 import co2_exchange
from metagnn.testing import toy_network

CO2 = "EX_co2_e"
FORMULAS = {"sugar": "C6H12O6", "gas": "CO2", "acid": "C2H4O2"}
RESPIRES = {"EX_sugar": "sugar <=>", "EX_acid": "acid <=>", "r": "sugar -> 2 acid + 2 gas", "growth": "sugar + acid ->"}


def randn(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


@pytest.fixture(scope="module")
def fba_fluxes(core: MetabolicNetwork) -> Tensor:
    media = uniform_media({"EX_glc__D_e": (3, 10), "EX_gln__L_e": (0, 5), "EX_o2_e": (2, 20)}, 10)
    return torch.from_numpy(simulate_fluxes(core, media, "fba").fluxes.to_numpy())


def test_it_reads_the_co2_of_flux_balance_analysis(core: MetabolicNetwork, fba_fluxes: Tensor):
    expected = fba_fluxes[:, core.reaction_index(CO2)]
    assert expected.std() > 1
    assert torch.allclose(CO2Readout(core)(fba_fluxes), expected, rtol=0, atol=1e-8)


def test_it_reads_the_co2_of_every_steady_state(core: MetabolicNetwork, iJO1366: MetabolicNetwork):
    for network in (core, iJO1366):
        basis = nullspace_basis(network.stoichiometry)
        fluxes = 10 * randn(5, basis.shape[1]) @ basis.T
        expected = fluxes[:, network.reaction_index(CO2)]
        assert expected.abs().max() > 0.1
        assert torch.allclose(CO2Readout(network)(fluxes), expected, rtol=0, atol=1e-8)


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_it_closes_the_carbon_balance_of_any_fluxes(core: MetabolicNetwork, seed):
    fluxes = 10 * randn(3, 95, seed=seed)
    balance = core.element_balance("C")
    assert balance(fluxes).abs().max() > 1
    fluxes[:, core.reaction_index(CO2)] = CO2Readout(core)(fluxes)
    assert balance(fluxes).abs().max() < 1e-9


def test_the_flux_of_co2_itself_is_not_looked_at(core: MetabolicNetwork, fba_fluxes: Tensor):
    readout = CO2Readout(core)
    expected = readout(fba_fluxes)
    for value in (-100.0, float("nan")):
        hidden = fba_fluxes.clone()
        hidden[:, core.reaction_index(CO2)] = value
        assert torch.equal(readout(hidden), expected)
    moved = fba_fluxes.clone()
    moved[:, core.reaction_index("EX_ac_e")] += 1.0
    # One acetate more is two CO2 less.
    assert torch.allclose(readout(moved), expected - 2.0)


@pytest.mark.parametrize("kind", ["elemental", "precursor"])
def test_with_another_biomass_it_reads_the_co2_of_that_network(core: MetabolicNetwork, kind):
    composition = BiomassComposition(core, kind)
    composition.raw.data = 0.3 * randn(*composition.raw.shape, seed=1)
    column, change = composition.column().detach(), composition.change().detach()
    media = pd.DataFrame({"EX_glc__D_e": [5.0, 10.0], "EX_o2_e": [20.0, 10.0]})
    fluxes = torch.from_numpy(simulate_fluxes(core.with_biomass(column.numpy()), media, "fba").fluxes.to_numpy())
    expected = fluxes[:, core.reaction_index(CO2)]
    readout = CO2Readout(core)
    assert torch.allclose(readout(fluxes, change), expected, rtol=0, atol=1e-8)
    assert torch.allclose(CO2Readout(core.with_biomass(column.numpy()))(fluxes), expected, rtol=0, atol=1e-8)
    assert (readout(fluxes) - expected).abs().min() > 1e-2
    assert torch.equal(readout(fluxes, torch.zeros_like(change)), readout(fluxes))


def test_it_is_linear_with_exact_gradients(core: MetabolicNetwork):
    readout, x, y = CO2Readout(core), randn(3, 95, seed=1), randn(3, 95, seed=2)
    assert torch.allclose(readout(2 * x - 3 * y), 2 * readout(x) - 3 * readout(y), rtol=1e-10)
    change = randn(72, seed=3)
    inputs = (x.requires_grad_(), change.requires_grad_())
    assert torch.autograd.gradcheck(readout, inputs, fast_mode=True)
    seen = torch.autograd.grad(readout(*inputs).sum(), inputs)
    assert not seen[0][:, core.reaction_index(CO2)].any()
    assert all(gradient.abs().max() > 0.1 for gradient in seen)


def test_a_batch_is_a_loop_and_float32_stays_float32(core: MetabolicNetwork):
    readout, fluxes, change = CO2Readout(core), randn(2, 3, 95), randn(72, seed=1)
    for arguments in ((), (change,)):
        together = readout(fluxes, *arguments)
        assert together.shape == (2, 3)
        for outer in range(2):
            for inner in range(3):
                assert torch.allclose(readout(fluxes[outer, inner], *arguments), together[outer, inner])
        single = readout(fluxes.float(), *arguments)
        assert single.dtype == torch.float32
        assert torch.allclose(single.double(), together, rtol=0, atol=1e-3)


def test_moving_the_readout_leaves_the_network_where_it_is(core: MetabolicNetwork):
    moved = CO2Readout(core).to("meta")
    assert moved.balance.value.device.type == moved.carbon.device.type == "meta"
    assert core.stoichiometry.value.device.type == "cpu"
    assert not CO2Readout(core).state_dict()


@pytest.mark.parametrize(("equation", "sign"), [("gas <=>", 1.0), ("-> gas", -1.0)])
def test_co2_is_known_by_its_formula_whatever_its_name_and_direction(equation, sign):
    network = toy_network(RESPIRES | {"EX_fizz": equation}, "growth", formulas=FORMULAS)
    assert network.reactions[co2_exchange(network)] == "EX_fizz"
    # Three sugars in, one of them grown with one acid; two burned to four acids, three of them out, and four CO2.
    fluxes = torch.tensor([-3.0, 3.0, 2.0, 1.0, 0.0], dtype=torch.float64)
    assert CO2Readout(network)(fluxes).item() == pytest.approx(sign * 4.0)


def test_neither_monoxide_nor_a_mixture_is_taken_for_co2():
    equations = RESPIRES | {"EX_monoxide": "monoxide <=>", "EX_mixture": "gas + acid <=>"}
    network = toy_network(equations, "growth", formulas=FORMULAS | {"monoxide": "CO"})
    with pytest.raises(
        NetworkError, match="toy has 0 exchanges of CO2; expected one, of a metabolite with the formula"
    ):
        CO2Readout(network)


def test_a_network_without_one_exchange_of_co2_is_refused(core: MetabolicNetwork):
    none = toy_network(RESPIRES, "growth", formulas=FORMULAS)
    with pytest.raises(NetworkError, match="toy has 0 exchanges of CO2; expected one"):
        co2_exchange(none)
    two = toy_network(RESPIRES | {"EX_gas": "gas <=>", "EX_air": "gas <=>"}, "growth", formulas=FORMULAS)
    with pytest.raises(NetworkError, match=r"toy has 2 exchanges of CO2 \('EX_gas', 'EX_air'\); expected one"):
        co2_exchange(two)


def test_a_network_without_formulas_or_growth_is_refused():
    equations = RESPIRES | {"EX_gas": "gas <=>"}
    with pytest.raises(NetworkError, match="toy has 0 exchanges of CO2"):
        CO2Readout(toy_network(equations, "growth"))
    # Without one formula, that of acid follows from the other two; without two, nothing tells.
    partly = {name: formula for name, formula in FORMULAS.items() if name != "acid"}
    assert CO2Readout(toy_network(RESPIRES | {"EX_gas": "gas <=>"}, "growth", formulas=partly)).carbon[1].item() == 2.0
    with pytest.raises(NetworkError, match=r"toy has no C balance: .*'acid'.* cross its border with no formula"):
        CO2Readout(toy_network(equations, "growth", formulas={"gas": "CO2"}))
    with pytest.raises(NetworkError, match="toy has no objective"):
        CO2Readout(toy_network(equations, formulas=FORMULAS))
