import numpy as np
import pytest
import scipy.sparse
import scipy.sparse.linalg
from hypothesis import given, settings
from hypothesis import strategies as st

from metagnn.analysis.identifiability.steady_state_tangent import SteadyStateTangent
from metagnn.errors import InputError
from metagnn.network import MetabolicNetwork
from metagnn.nn import BiomassComposition
from metagnn.studies.benchmarks.identifiability import dense_rows
from metagnn.testing import random_network, toy_network


def raises_rank(matrix: np.ndarray, row: np.ndarray) -> bool:
    return bool(np.linalg.matrix_rank(np.vstack([matrix, row])) > np.linalg.matrix_rank(matrix))


@pytest.mark.parametrize(("composition", "sets"), [("fixed", 70), ("elemental", 70), ("precursor", 60)])
def test_what_is_determined_adds_no_rank_to_the_stacked_matrices(core: MetabolicNetwork, composition, sets):
    biomass = BiomassComposition(core, composition)
    if biomass.trainable:
        biomass.raw.data.normal_(std=0.1)
    tangent = SteadyStateTangent.from_composition(core, biomass)
    balance, quantities = dense_rows(core, biomass)
    random = np.random.default_rng(0)
    measurable = [tangent.index(name) for name in (*core.exchanges, "growth")]
    outcomes = set()
    for _ in range(sets):
        internal = random.choice(95, random.integers(4))
        measured = np.concatenate([random.choice(measurable, random.integers(3, 22), replace=False), internal])
        left = np.linalg.norm(tangent.after(measured.tolist()), axis=1)
        readouts = [tangent.index(name) for name in tangent.readouts]
        stacked = np.vstack([balance, quantities[measured]])
        for index in {*readouts, *random.choice(95, 6).tolist()}:
            if index < len(quantities):
                assert (left[index] > 0) == raises_rank(stacked, quantities[index]), tangent.names[index]
                outcomes.add((left[index] > 0, index in readouts))
    assert len(outcomes) == 4


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), count=st.integers(0, 12))
def test_on_random_networks_too(seed, count):
    network = random_network(seed)
    tangent = SteadyStateTangent.from_network(network)
    matrix = network.stoichiometry.to_dense().numpy()
    measured = np.random.default_rng(seed).choice(len(network.reactions), count, replace=False)
    stacked = np.vstack([matrix, np.eye(len(network.reactions))[measured]])
    left = np.linalg.norm(tangent.after(measured.tolist()), axis=1)
    for index, row in enumerate(np.eye(len(network.reactions))):
        assert (left[index] > 0) == raises_rank(stacked, row)


def test_at_genome_scale_every_verdict_has_its_witness(iJO1366: MetabolicNetwork):
    """Determined: a combination of balances and measurements. Not determined: a flux that neither of them sees."""
    tangent = SteadyStateTangent.from_network(iJO1366)
    balance, units = iJO1366.stoichiometry.to_scipy(), scipy.sparse.eye_array(len(iJO1366.reactions)).tocsr()
    random = np.random.default_rng(0)
    measurable = [tangent.index(name) for name in (*iJO1366.exchanges, "growth")]
    for share in (0.2, 0.5, 0.9):
        measured = random.choice(measurable, int(share * len(measurable)), replace=False)
        rest = tangent.after(measured.tolist())[: len(iJO1366.reactions)]
        determined = ~rest.any(axis=1)
        stacked = scipy.sparse.vstack([balance, units[measured]]).tocsr()
        scaled = scipy.sparse.diags_array(1.0 / scipy.sparse.linalg.norm(stacked, axis=1)) @ stacked
        # Random weights: one determined flux that is none would leave a residual.
        combination = random.normal(size=len(determined)) * determined
        weights = scipy.sparse.linalg.lsmr(scaled.T, combination, 0.0, 1e-15, 1e-15, 1e15, maxiter=30_000)[0]
        assert np.linalg.norm(scaled.T @ weights - combination) < 1e-6 * np.linalg.norm(combination)
        unseen = np.flatnonzero(~determined)
        fluxes = tangent.rows[: len(determined)] @ rest[unseen].T
        fluxes /= np.linalg.norm(fluxes, axis=0)
        assert np.abs(scaled @ fluxes).max() < 1e-9
        assert np.abs(fluxes[unseen, np.arange(len(unseen))]).min() > 1e-6


def test_what_is_measured_again_takes_nothing_more(core: MetabolicNetwork):
    tangent = SteadyStateTangent.from_network(core, "elemental")
    once = tangent.after([0, 5, 20])
    assert np.abs(once - tangent.after([0, 5, 20, 20, 5])).max() < 1e-12
    more = np.linalg.norm(tangent.after([0, 5, 20, 30]), axis=1)
    assert np.all(more <= np.linalg.norm(once, axis=1) + 1e-12)
    assert np.all(tangent.after(range(len(tangent.names))) == 0.0)


def test_readouts_are_those_that_the_network_has(core: MetabolicNetwork):
    assert SteadyStateTangent.from_network(core).readouts == ("growth", "co2", "alpha", "beta")
    bare = toy_network({"EX_a": "a <=>", "growth": "a ->"}, "growth")
    assert SteadyStateTangent.from_network(bare).readouts == ("growth",)


def test_names_are_reactions_aliases_and_readouts(core: MetabolicNetwork):
    tangent = SteadyStateTangent.from_network(core)
    biomass = core.reaction_index("Biomass_Ecoli_core")
    assert tangent.index("growth") == tangent.index("BIOMASS_Ecoli_core_w_GAM") == biomass
    assert tangent.index("co2") == core.reaction_index("EX_co2_e")
    with pytest.raises(InputError, match="'EX_glc_e' is no reaction or readout of e_coli_core; did you mean 'EX_glc"):
        tangent.index("EX_glc_e")


@pytest.mark.parametrize("composition", ["fixed", "elemental"])
def test_spanned_directions_leave_the_same_quantities_undetermined(core: MetabolicNetwork, composition: str) -> None:
    exchanges = core.outside_indices
    dense = SteadyStateTangent.from_network(core, composition)
    spanned = SteadyStateTangent.spanned(core, composition, exchanges.tolist())
    assert spanned.names == dense.names
    rng = np.random.default_rng(0)
    for _ in range(12):
        measured = rng.choice(exchanges, rng.integers(1, len(exchanges)), replace=False).tolist()
        known = [*measured, dense.index("growth")]
        assert np.array_equal(spanned.after(known).any(axis=1), dense.after(known).any(axis=1))


def test_spanned_directions_refuse_a_measurement_that_they_do_not_hold(core: MetabolicNetwork) -> None:
    spanned = SteadyStateTangent.spanned(core, "fixed", [])
    with pytest.raises(InputError, match="lacks PFK"):
        spanned.after([core.reaction_index("PFK")])
