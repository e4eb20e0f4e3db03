import dataclasses

import cobra.io
import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from metagnn.errors import InputError, NetworkError, TableError
from metagnn.fba import simulate_fluxes
from metagnn.network import GeneRule, MetabolicNetwork, Reaction, from_cobra
from metagnn.network.elements import balance_weights
from metagnn.testing import assert_balanced, toy_network
from tests.copies_and_threads import COPIES, assert_copies_are_the_same

BIOMASS = "Biomass_Ecoli_core"


@pytest.fixture(scope="module")
def textbook() -> cobra.Model:
    return cobra.io.load_model("textbook")


def content(network: MetabolicNetwork, balance: str) -> float:
    return -float(network.element_balance(balance).to_dense()[0, network.reaction_index(network.growth_reaction)])


def test_composition_of_core_is_implied_by_its_biomass(core: MetabolicNetwork):
    assert content(core, "C") == pytest.approx(42.5555, abs=5e-5)
    assert content(core, "N") == pytest.approx(5.4528, abs=5e-5)
    assert content(core, "electrons") / content(core, "C") == pytest.approx(4.109, abs=5e-4)


def test_composition_of_a_genome_scale_network(iJO1366: MetabolicNetwork):
    assert content(iJO1366, "C") == pytest.approx(41.04, abs=5e-3)
    assert content(iJO1366, "N") == pytest.approx(10.80, abs=5e-3)
    assert content(iJO1366, "electrons") / content(iJO1366, "C") == pytest.approx(4.202, abs=5e-4)


def test_reactions_that_conserve_elements_and_charge_conserve_electrons(iJO1366: MetabolicNetwork):
    weights = np.array([balance_weights(iJO1366.metabolite_table, b) for b in ("electrons", *"CHNOPS", "charge")])
    known = np.array([m.complete and m.charge is not None for m in iJO1366.metabolite_table])
    S = iJO1366.stoichiometry.to_scipy()
    imbalance = np.abs(weights @ S) > 1e-6
    metals = np.array([bool(m.formula) and "Fe" in m.formula for m in iJO1366.metabolite_table])
    conserving = ~imbalance[1:].any(axis=0) & (abs(S).T @ ~known == 0)
    assert (conserving & (abs(S).T @ metals > 0)).sum() > 20
    assert not imbalance[0, conserving].any()


def test_sulphur_crosses_the_border_of_iJO1366_only(core: MetabolicNetwork, iJO1366: MetabolicNetwork):
    for network, expected in ((core, 0), (iJO1366, 28)):
        sulphur = network.element_balance("S").to_dense()[0]
        outside = network.outside_indices.tolist()
        assert [network.reactions[index] for index in outside] == list(network.outside_exchanges)
        assert int((sulphur[outside] != 0).sum()) == expected
        demands = {name for name in network.exchanges if sulphur[network.reaction_index(name)]} - set(
            network.outside_exchanges
        )
        assert demands == ({"DM_amob_c"} if expected else set())


def test_balances_of_core_touch_exchanges_and_biomass_only(core: MetabolicNetwork):
    assert len(core.exchanges) == 20
    for balance in ("C", "H", "N", "O", "P", "charge", "electrons"):
        operator = core.element_balance(balance)
        touched = {core.reactions[column] for column in operator.column.tolist()}
        assert touched
        assert touched <= {*core.exchanges, BIOMASS}


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_steady_state_closes_every_element_balance(core: MetabolicNetwork, seed):
    null_space = torch.linalg.svd(core.stoichiometry.to_dense()).Vh[67:]
    weights = torch.from_numpy(np.random.default_rng(seed).normal(size=(4, 28)))
    fluxes = 10 * weights @ null_space
    assert core.stoichiometry(fluxes).abs().max() < 1e-10
    for balance in ("C", "N", "charge", "electrons"):
        exchanged = core.element_balance(balance)
        # Not vacuous: the single terms are large, and cancel.
        assert (exchanged.to_dense() * fluxes[:, None]).abs().max() > 1
        assert exchanged(fluxes).abs().max() < 1e-9


def test_internal_reactions_of_core_are_balanced(core: MetabolicNetwork):
    assert core.unbalanced_reactions() == {}


def test_unbalanced_reactions_are_found_and_named():
    equations = {"EX_a": "a <=>", "good": "a -> 2 b", "bad": "b -> a", "blind": "b -> x", "sink": "b ->"}
    network = toy_network(equations, formulas={"a": "C2H2", "b": "CH"}, charges={"a": 0, "b": 0})
    assert network.unbalanced_reactions() == {"bad": {"C": 1.0, "H": 1.0}}


@pytest.mark.parametrize(
    "medium",
    [
        {},
        {"EX_glc__D_e": 10.0, "EX_o2_e": 20.0},
        {"EX_glu__L_e": 3.5, "EX_o2_e": 0.0, "EX_h2o_e": 1000.0, "EX_co2_e": 5.0},
        {"EX_ac_e": 7, "EX_nh4_e": 1000, "EX_pi_e": 1000},
    ],
)
def test_media_mean_what_they_mean_to_cobra(core: MetabolicNetwork, textbook: cobra.Model, medium):
    changed = core.with_medium({name: float(uptake) for name, uptake in medium.items()})
    with textbook:
        textbook.medium = medium
        expected = from_cobra(textbook)
    np.testing.assert_array_equal(changed.bounds.lower, expected.bounds.lower)
    np.testing.assert_array_equal(changed.bounds.upper, expected.bounds.upper)
    assert changed.medium() == {name: uptake for name, uptake in medium.items() if uptake > 0}
    assert core.medium()["EX_glc__D_e"] == 10.0


def test_the_medium_of_the_model_survives(core: MetabolicNetwork, textbook: cobra.Model):
    assert core.medium() == textbook.medium
    same = core.with_medium(core.medium())
    np.testing.assert_array_equal(same.bounds.lower, core.bounds.lower)
    np.testing.assert_array_equal(same.bounds.upper, core.bounds.upper)


def test_an_exchange_written_as_import_takes_up_forward():
    network = toy_network({"EX_a": "-> a", "EX_b": "b <=>", "growth": "a + b ->"}, "growth", {"EX_a": (0, 4)})
    assert network.medium() == {"EX_a": 4.0, "EX_b": 1000.0}
    changed = network.with_medium({"EX_a": 2.0})
    assert (changed.bounds.lower.tolist(), changed.bounds.upper.tolist()) == ([0.0, 0.0, 0.0], [2.0, 1000.0, 1000.0])


def test_uptake_bounds_set_named_exchanges_and_keep_the_rest(core: MetabolicNetwork):
    lower, upper = core.uptake_bounds(["EX_o2_e", "EX_glu__L_e"], np.array([[1.0, 2.0], [0.0, 0.0]]))
    expected = np.repeat(core.bounds.lower[None], 2, axis=0)
    expected[:, core.reaction_index("EX_o2_e")] = [-1.0, 0.0]
    expected[:, core.reaction_index("EX_glu__L_e")] = [-2.0, 0.0]
    np.testing.assert_array_equal(lower, expected)
    np.testing.assert_array_equal(upper, np.repeat(core.bounds.upper[None], 2, axis=0))
    with pytest.raises(TableError, match="'EX_glc_e' is no exchange of e_coli_core; did you mean 'EX_glc__D_e'"):
        core.uptake_bounds(["EX_glc_e"], np.array([[1.0]]))
    with pytest.raises(TableError, match="'EX_o2_e' in row 1 is NaN"):
        core.uptake_bounds(["EX_o2_e"], np.array([[1.0], [np.nan]]))


def test_every_gene_knocked_out_closes_what_cobra_closes(core: MetabolicNetwork, textbook: cobra.Model):
    closed_somewhere = 0
    for gene in core.genes:
        changed = core.knock_out(genes=[gene])
        with textbook:
            textbook.genes.get_by_id(gene).knock_out()
            expected = [reaction.bounds for reaction in textbook.reactions]
        assert list(zip(changed.bounds.lower, changed.bounds.upper, strict=True)) == expected
        closed_somewhere += not np.array_equal(changed.bounds.upper, core.bounds.upper)
    assert closed_somewhere > 20


def test_isoenzymes_fall_together(core: MetabolicNetwork):
    pfk = core.reaction_index("PFK")
    assert core.knock_out(genes=["b3916"]).bounds.upper[pfk] == 1000.0
    assert core.knock_out(genes=["b3916", "b1723"]).bounds.upper[pfk] == 0.0


def test_reactions_knocked_out_close_and_the_old_network_stays(core: MetabolicNetwork):
    changed = core.knock_out(reactions=["PFK", "BIOMASS_Ecoli_core_w_GAM"])
    closed = [core.reactions[i] for i in np.flatnonzero((changed.bounds.lower == 0) & (changed.bounds.upper == 0))]
    assert set(closed) == {"PFK", BIOMASS}
    assert core.bounds.upper[core.reaction_index("PFK")] == 1000.0
    assert core.knock_out(reactions="PFK").fingerprint == core.knock_out(reactions=["PFK"]).fingerprint
    with pytest.raises(NetworkError, match="'PFKK' is no reaction of e_coli_core; did you mean 'PFK'"):
        core.knock_out(reactions=["PFKK"])
    with pytest.raises(NetworkError, match="'b39' is no gene of e_coli_core"):
        core.knock_out(genes=["b39"])


def test_a_gene_of_a_typed_network_closes_its_reaction():
    network = toy_network({"EX_a": "a <=>", "r": "a ->"})
    ruled = tuple(
        Reaction(r.id, gene_rule=GeneRule("gene", name="g") if r.id == "r" else None) for r in network.reaction_table
    )
    changed = dataclasses.replace(network, reaction_table=ruled).knock_out(genes=["g"])
    assert changed.bounds.upper.tolist() == [1000.0, 0.0]


def test_biomass_answers_to_its_other_name(core: MetabolicNetwork):
    assert core.growth_reaction == BIOMASS
    assert core.reaction_index("BIOMASS_Ecoli_core_w_GAM") == core.reaction_index(BIOMASS)


@pytest.mark.parametrize(
    ("objective", "message"),
    [
        ({}, "toy has no objective; set the growth reaction"),
        ({"r": 0.0}, "toy has no objective"),
        ({"r": 1.0, "s": 1.0}, "has 2 reactions .'r', 's'.; expected one growth reaction"),
        ({"r": -1.0}, "minimises 'r'; expected a growth reaction to maximise"),
    ],
)
def test_growth_needs_one_reaction_to_maximise(objective, message):
    network = dataclasses.replace(toy_network({"r": "a -> b", "s": "b -> a"}), objective=objective)
    with pytest.raises(NetworkError, match=message):
        _ = network.growth_reaction


def test_a_network_without_exchanges_says_so_and_still_multiplies():
    network = toy_network({"r": "a -> b", "s": "b -> a"})
    for attempt in (network.require_exchanges, lambda: network.with_medium({})):
        with pytest.raises(NetworkError, match="toy has no exchange reactions"):
            attempt()
    assert network.medium() == {}
    assert network.stoichiometry(torch.ones(2)).tolist() == [0.0, 0.0]


def test_fingerprints_tell_networks_apart(core: MetabolicNetwork, textbook: cobra.Model):
    assert from_cobra(textbook).fingerprint == core.fingerprint
    others = [
        core.knock_out(reactions=["PFK"]),
        core.with_medium({"EX_glc__D_e": 9.0}),
        dataclasses.replace(core, objective={"ATPM": 1.0}),
        dataclasses.replace(core, stoichiometry=core.stoichiometry.with_column(0, torch.ones(72))),
    ]
    assert len({core.fingerprint, *(other.fingerprint for other in others)}) == 5


def heavier(core: MetabolicNetwork) -> np.ndarray:
    """The biomass column of core with a quarter more of everything."""
    return 1.25 * core.stoichiometry.to_dense()[:, core.reaction_index(BIOMASS)].numpy()


def test_another_biomass_changes_its_column_and_nothing_else(core: MetabolicNetwork):
    before, growth = core.stoichiometry.to_dense(), core.reaction_index(BIOMASS)
    fingerprint, column = core.fingerprint, heavier(core)
    changed = core.with_biomass(column)
    after = changed.stoichiometry.to_dense()
    np.testing.assert_array_equal(after[:, growth], column)
    others = np.arange(95) != growth
    assert torch.equal(after[:, others], before[:, others])
    assert (changed.bounds, changed.objective, changed.exchanges) == (core.bounds, core.objective, core.exchanges)
    assert content(changed, "C") == pytest.approx(1.25 * content(core, "C"))
    assert changed.fingerprint != fingerprint
    # The old network stays, and its own column gives it back.
    assert torch.equal(core.stoichiometry.to_dense(), before)
    assert changed.with_biomass(before[:, growth].numpy()).fingerprint == fingerprint
    column[:] = 0.0
    assert content(changed, "C") == pytest.approx(1.25 * content(core, "C"))


def test_fluxes_with_another_biomass_balance_with_it_alone(core: MetabolicNetwork):
    changed, media = core.with_biomass(heavier(core)), pd.DataFrame({"EX_glc__D_e": [5.0, 10.0]})
    ours, theirs = (simulate_fluxes(network, media, "fba") for network in (changed, core))
    assert_balanced(changed, torch.from_numpy(ours.fluxes.to_numpy()))
    with pytest.raises(AssertionError, match="expected at most"):
        assert_balanced(core, torch.from_numpy(ours.fluxes.to_numpy()))
    # Dearer biomass grows less from the same sugar.
    assert np.all(ours.growth > 0.1)
    assert np.all(ours.growth < theirs.growth)


def test_a_biomass_of_another_size_or_without_numbers_is_refused(core: MetabolicNetwork):
    with pytest.raises(InputError, match=r"has shape \(71,\); expected \(72,\)"):
        core.with_biomass(heavier(core)[1:])
    for value in (np.nan, np.inf):
        column = heavier(core)
        column[0] = value
        with pytest.raises(InputError, match="must be finite; it contains NaN or infinity"):
            core.with_biomass(column)
    with pytest.raises(NetworkError, match="toy has no objective"):
        toy_network({"EX_a": "a <=>"}).with_biomass(np.ones(1))


def test_copies_are_the_same_network(core: MetabolicNetwork):
    assert_copies_are_the_same(core)
    for duplicate in COPIES:
        other = duplicate(core)
        assert other.fingerprint == core.fingerprint
        assert (other.reactions, other.metabolites, other.genes) == (core.reactions, core.metabolites, core.genes)
        # Bounds stay read-only, as those of the network itself.
        with pytest.raises(ValueError, match="read-only"):
            other.bounds.lower[0] = 1.0
