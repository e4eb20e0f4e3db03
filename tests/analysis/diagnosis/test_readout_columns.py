import numpy as np
import pytest
import torch

from metagnn.analysis import Composition
from metagnn.analysis.diagnosis.readout_columns import readout_columns
from metagnn.analysis.identifiability.steady_state_ranges import typical_flux
from metagnn.errors import InputError
from metagnn.network import MetabolicNetwork
from metagnn.nn import BiomassComposition
from metagnn.testing import toy_network

UNKNOWN = Composition(np.nan, np.nan)
SAMPLES = 3
UNSEEN = ("EX_co2_e", "EX_o2_e", "EX_h2o_e")


@pytest.fixture(scope="module")
def truth(core: MetabolicNetwork) -> np.ndarray:
    """Fluxes of a biomass with 36 mmol/gDW of carbon and 7 of nitrogen."""
    other = BiomassComposition(core, "elemental")
    other.reset_contents(36.0, 7.0)
    network = core.with_biomass(other.column().detach().numpy())
    return np.array([typical_flux(network, seed) for seed in range(SAMPLES)])


@pytest.fixture(scope="module")
def own(core: MetabolicNetwork) -> BiomassComposition:
    return BiomassComposition(core, "elemental")


def measure(network: MetabolicNetwork, fluxes: np.ndarray, *hidden: str) -> torch.Tensor:
    seen = [network.reaction_index(name) for name in network.exchanges if name not in hidden]
    measured = np.full(fluxes.shape, np.nan)
    measured[:, seen] = fluxes[:, seen]
    return torch.from_numpy(measured)


def predict(biomass: BiomassComposition, measured: torch.Tensor, growth: np.ndarray) -> np.ndarray:
    """Fluxes at steady state with the network's own biomass that have the measured rates and growth."""
    known = measured.numpy().copy()
    known[:, biomass.growth_index] = growth
    basis, seen = biomass.basis().detach().numpy(), ~np.isnan(known[0])
    weights = np.linalg.lstsq(basis[seen], known[:, seen].T, rcond=1e-10)[0]
    assert np.abs(basis[seen] @ weights - known[:, seen].T).max() < 1e-8
    return (basis @ weights).T


def test_what_the_rates_do_not_determine_is_nan_with_what_to_measure(core, own, truth):
    measured = measure(core, truth, *UNSEEN)
    measured[1, core.reaction_index("EX_o2_e")] = -15.0
    found = readout_columns(core, own, UNKNOWN, measured, truth)
    assert list(found) == [
        *("growth", "growth_status", "co2", "co2_status", "alpha", "alpha_status", "beta", "beta_status", "to_measure")
    ]
    assert np.isnan(found["co2"]).tolist() == np.isnan(found["alpha"]).tolist() == [True, False, True]
    assert found["co2_status"].tolist() == ["not determined", "determined", "not determined"]
    assert found["growth"].tolist() == truth[:, own.growth_index].tolist()
    assert "co2 can trade against alpha, EX_o2_e, EX_h2o_e: measure EX_o2_e" in found["to_measure"][0]
    assert found["to_measure"][1] == ""


def test_contents_that_were_fitted_are_known(core, own, truth):
    measured = measure(core, truth, *UNSEEN)
    found = readout_columns(core, own, Composition(42.5555, 5.4528), measured, truth)
    assert not np.isnan(found["co2"]).any()
    assert np.allclose(found["alpha"], 42.5555, rtol=1e-5)
    assert set(found["alpha_status"]) == {"determined"}
    partly = readout_columns(core, own, Composition(np.nan, 5.4528), measured, truth)
    assert np.isnan(partly["alpha"]).all()
    assert np.isnan(partly["co2"]).all()


def test_a_composition_that_is_fixed_is_known_and_without_formulas_there_is_none(core, truth):
    measured = measure(core, truth, *UNSEEN)
    found = readout_columns(core, BiomassComposition(core), None, measured, truth)
    assert set(found["co2_status"]) == set(found["beta_status"]) == {"determined"}
    bare = toy_network({"EX_a": "a <=>", "EX_b": "b <=>", "growth": "a + b ->"}, "growth")
    fluxes = np.array([[-1.0, -1.0, 1.0]])
    for hidden, status in ((["EX_b"], "determined"), (["EX_a", "EX_b"], "not determined")):
        found = readout_columns(bare, BiomassComposition(bare), None, measure(bare, fluxes, *hidden), fluxes)
        assert set(found) == {"growth", "growth_status", "to_measure"}
        assert found["growth_status"].tolist() == [status]


@pytest.mark.parametrize("prior", [{"alpha": 36.0}, {"co2": None}])
def test_a_prior_that_is_true_brings_out_the_truth_whatever_was_predicted(core, own, truth, prior):
    measured = measure(core, truth, *UNSEEN)
    growth, co2 = own.growth_index, core.reaction_index("EX_co2_e")
    own.reset_contents(42.5555, 7.0)
    predicted = predict(own, measured, truth[:, growth])
    assert np.abs(predicted[:, co2] - truth[:, co2]).min() > 0.1
    network = core.with_biomass(own.column().detach().numpy())
    for row in range(SAMPLES):
        given = {name: truth[row, co2] if value is None else value for name, value in prior.items()}
        found = readout_columns(network, own, UNKNOWN, measured[[row]], predicted[[row]], given)
        assert found["co2"][0] == pytest.approx(truth[row, co2], abs=1e-6)
        assert found["alpha"][0] == pytest.approx(36.0, abs=1e-5)
        assert found["beta"][0] == pytest.approx(7.0, abs=1e-6)
        assert found["growth"][0] == pytest.approx(truth[row, growth], abs=1e-8)
        assert (found["alpha_status"][0], found["co2_status"][0]) == ("prior", "prior")
        assert (found["beta_status"][0], found["to_measure"][0]) == ("determined", "")
    own.reset_contents()


def test_a_prior_of_what_is_measured_changes_nothing(core, own, truth):
    measured = measure(core, truth)
    without = readout_columns(core, own, UNKNOWN, measured, truth)
    found = readout_columns(core, own, UNKNOWN, measured, truth, {"co2": 1.0, "alpha": 20.0})
    for name, column in without.items():
        assert column.tolist() == found[name].tolist()


def test_a_prior_of_something_else_is_refused(core, own, truth):
    with pytest.raises(InputError, match="`prior`: 'alfa' is no readout of e_coli_core; did you mean 'alpha'"):
        readout_columns(core, own, None, measure(core, truth), truth, {"alfa": 40.0})
    with pytest.raises(InputError, match=r"`prior\['alpha'\]` is nan; expected a finite number"):
        readout_columns(core, own, None, measure(core, truth), truth, {"alpha": float("nan")})
