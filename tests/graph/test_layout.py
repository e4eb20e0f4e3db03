import networkx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metagnn.errors import InputError, NetworkError
from metagnn.graph.layout import ASPECT, LETTER, layout_network, spread_nodes, subsystems
from metagnn.graph.reaction_map import ReactionMap
from metagnn.network import MetabolicNetwork
from metagnn.testing import random_network, toy_network


@pytest.fixture(scope="module")
def core_map(core: MetabolicNetwork) -> ReactionMap:
    return layout_network(core)


def labels_at(drawing: ReactionMap, place: np.ndarray) -> set[str]:
    """Metabolites whose labels a curve's end touches."""
    return {
        m.id
        for m in drawing.metabolites
        if abs(place[0] - m.position[0]) < (len(m.id) + 1) * ASPECT * LETTER / 2
        and abs(place[1] - m.position[1]) < 0.8 * LETTER
    }


def check_arrows(network: MetabolicNetwork, drawing: ReactionMap) -> None:
    """Every curve ends at a metabolite of its reaction, and an arrow points there when the flux makes it."""
    S = network.stoichiometry.to_scipy().toarray()
    for reaction in drawing.reactions:
        column = S[:, network.reaction_index(reaction.id)]
        for segment in reaction.segments:
            touched = labels_at(drawing, segment.curve[-1])
            assert segment.end in {np.sign(column[network.metabolites.index(name)]) for name in touched} - {0}
        # Whichever way it runs, the direction can be seen.
        heads = {sign for segment in reaction.segments for sign in (segment.start, segment.end)}
        assert {-1, 1} <= heads


def test_every_reaction_is_there_once_in_order(core: MetabolicNetwork, core_map: ReactionMap):
    assert tuple(reaction.id for reaction in core_map.reactions) == core.reactions
    assert core_map.name == "e_coli_core"
    assert {"atp_c", "nadh_c", "h2o_c"} <= set(core_map.left_out)


def test_arrows_agree_with_stoichiometry(core: MetabolicNetwork, core_map: ReactionMap):
    check_arrows(core, core_map)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), metabolites=st.integers(2, 10))
def test_arrows_agree_with_stoichiometry_on_random_networks(seed: int, metabolites: int):
    network = random_network(seed, metabolites, 2 * metabolites + 2)
    drawing = layout_network(network)
    assert np.isfinite(drawing.extent).all()
    S = network.stoichiometry.to_scipy().toarray()
    for reaction in drawing.reactions:
        made = {np.sign(value) for value in S[:, network.reaction_index(reaction.id)] if value}
        assert made == {segment.end for segment in reaction.segments}


def test_no_label_lies_on_another(core_map: ReactionMap):
    labels = [(m.label, m.id) for m in core_map.metabolites] + [(r.label, r.id) for r in core_map.reactions]
    centres = np.array([place for place, _ in labels])
    sizes = np.array([[len(text) * ASPECT, 1.0] for _, text in labels]) * LETTER
    overlap = (np.abs(centres[:, None] - centres[None]) < (sizes[:, None] + sizes[None]) / 2 - 1e-6).all(axis=-1)
    np.fill_diagonal(overlap, False)
    assert not overlap.any()


def test_growth_has_copies_of_its_precursors(core: MetabolicNetwork, core_map: ReactionMap):
    places = [metabolite.id for metabolite in core_map.metabolites]
    assert places.count("g6p_c") == 2
    (growth,) = (reaction for reaction in core_map.reactions if reaction.id == core.growth_reaction)
    assert len(growth.segments) > 6


def test_the_same_map_comes_out_twice(core: MetabolicNetwork, core_map: ReactionMap):
    again = layout_network(core)
    assert again.metabolites == core_map.metabolites
    assert [reaction.label for reaction in again.reactions] == [reaction.label for reaction in core_map.reactions]


def test_a_subsystem_and_what_of_it_is_wanted(iJO1366: MetabolicNetwork):
    cycle = layout_network(iJO1366, "Citric Acid Cycle")
    check_arrows(iJO1366, cycle)
    assert len(cycle.reactions) == subsystems(iJO1366)["Citric Acid Cycle"] == 14
    part = layout_network(iJO1366, "Citric Acid Cycle", ["CS", "FUM", "PFK"])
    assert [reaction.id for reaction in part.reactions] == ["CS", "FUM"]


def test_matter_that_enters_and_leaves_has_an_arrow_at_its_open_end():
    drawing = layout_network(toy_network({"EX_a": "a <=>", "r": "a -> b", "out": "b ->"}))
    (exchange,) = drawing.reactions[0].segments
    # Uptake is negative and points at the metabolite; secretion points away from it.
    assert (exchange.start, exchange.end) == (1, -1)
    assert drawing.left_out == ()


def test_nothing_to_show_is_an_empty_map(core: MetabolicNetwork):
    drawing = layout_network(core, reactions=[])
    assert (drawing.reactions, drawing.metabolites) == ((), ())


def test_what_cannot_be_shown_is_refused(core: MetabolicNetwork, iJO1366: MetabolicNetwork):
    with pytest.raises(NetworkError, match="'Citric acid' is no subsystem of iJO1366; did you mean 'Citric Acid Cyc"):
        layout_network(iJO1366, "Citric acid")
    with pytest.raises(NetworkError, match="e_coli_core has no subsystems"):
        layout_network(core, "Glycolysis")
    with pytest.raises(InputError, match="iJO1366 has 2583 reactions to show; expected at most"):
        layout_network(iJO1366)
    with pytest.raises(NetworkError, match="'PFKK' is no reaction of e_coli_core; did you mean 'PFK'"):
        layout_network(core, reactions=["PFKK"])


def distances(places: np.ndarray) -> np.ndarray:
    return np.linalg.norm(places[:, None] - places[None], axis=-1)


def test_a_chain_becomes_a_line_and_its_distances_are_exact():
    places = spread_nodes(networkx.path_graph(7))
    steps = np.arange(7)
    np.testing.assert_allclose(distances(places), abs(steps[:, None] - steps[None]), atol=0.02)
    # The longer way lies along x.
    assert np.ptp(places[:, 1]) < 0.05 * np.ptp(places[:, 0])


def test_a_cycle_becomes_a_ring():
    places = spread_nodes(networkx.cycle_graph(12))
    radius = np.linalg.norm(places - places.mean(axis=0), axis=1)
    assert radius.std() < 0.02 * radius.mean()


def test_leaves_of_one_node_do_not_coincide_and_the_same_comes_out_twice():
    star = networkx.star_graph(8)
    places = spread_nodes(star)
    between = distances(places)[~np.eye(9, dtype=bool)]
    assert between.min() > 0.3
    np.testing.assert_array_equal(places, spread_nodes(star))


@pytest.mark.parametrize("size", [1, 2])
def test_the_smallest_graphs_have_places(size: int):
    places = spread_nodes(networkx.path_graph(size))
    assert places.shape == (size, 2)
    assert np.isfinite(places).all()
