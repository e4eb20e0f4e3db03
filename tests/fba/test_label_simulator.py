import dataclasses
import os
import warnings
from pathlib import Path

import numpy as np
import pytest

from metagnn.choices import METHODS
from metagnn.fba.label_simulator import LabelSimulator
from metagnn.network import FluxBounds, MetabolicNetwork, load_network
from metagnn.testing import toy_network
from tests.copies_and_threads import COPIES, in_threads

UPTAKES = np.array([[10.0, 20.0], [5.0, 1.0], [8.0, 0.0], [0.1, 20.0]])
NAMES = ["EX_glc__D_e", "EX_o2_e"]


def with_unlimited(network: MetabolicNetwork, size: float) -> MetabolicNetwork:
    """The network with another number in place of ±1000."""
    lower, upper = network.bounds.lower.copy(), network.bounds.upper.copy()
    lower[lower == -1000.0], upper[upper == 1000.0] = -size, size
    return dataclasses.replace(network, bounds=FluxBounds(network.reactions, lower, upper))


@pytest.mark.parametrize("method", METHODS)
def test_labels_do_not_depend_on_how_unlimited_is_written(method, core: MetabolicNetwork):
    expected, status = LabelSimulator(core, NAMES, method).solve(UPTAKES)
    assert status == ["optimal", "optimal", "optimal", "infeasible"]
    for size in (1e4, 1e6, 1e9, 1e10, np.inf):
        fluxes, said = LabelSimulator(with_unlimited(core, size), NAMES, method).solve(UPTAKES)
        assert said == status
        np.testing.assert_allclose(fluxes, expected, atol=1e-6)


CHAIN = {"EX_a": "a <=>", "EX_b": "b <=>", "r": "a -> 2 b", "growth": "b ->"}


@pytest.mark.parametrize("method", METHODS)
def test_bounds_that_limit_are_kept_whatever_their_size(method):
    """Nutrients that are all open: growth is what the numbers let through."""
    network = toy_network(CHAIN, "growth", {"growth": (0, 1e5)})
    fluxes, status = LabelSimulator(network, ["EX_a"], method).solve(np.array([[10.0], [20.0]]))
    assert status == ["optimal"] * 2
    np.testing.assert_allclose(fluxes[:, 3], [1020.0, 1040.0])


@pytest.mark.parametrize("method", METHODS)
def test_a_label_that_leaves_the_stated_bounds_is_solved_within_them(method):
    network = toy_network(CHAIN, "growth", {"EX_b": (0, 1000), "r": (0, 1000), "growth": (0, 5000)})
    simulator = LabelSimulator(network, ["EX_a"], method)
    fluxes, status = simulator.solve(np.array([[3000.0], [10.0], [0.0]]))
    assert status == ["optimal"] * 3
    np.testing.assert_allclose(fluxes[:, 3], [2000.0, 20.0, 0.0], atol=1e-9)
    again, _ = simulator.solve(np.array([[10.0]]))
    np.testing.assert_allclose(again, fluxes[1:2], atol=1e-9)


@pytest.mark.parametrize("growth", [5000.0, 1e9])
def test_threads_and_copies_of_a_simulator_label_as_it_does_alone(growth):
    """Whether labels leave the stated bounds, or growth has no limit but these."""
    network = toy_network(CHAIN, "growth", {"EX_b": (0, 1000), "growth": (0, growth)})
    uptakes = np.array([[3000.0], [10.0], [0.0]])
    shared = LabelSimulator(network, ["EX_a"])
    alone, status = LabelSimulator(network, ["EX_a"]).solve(uptakes)
    found = in_threads(lambda _: shared.solve(uptakes), range(8))
    found += [duplicate(shared).solve(uptakes) for duplicate in COPIES]
    for fluxes, said in found:
        assert said == status
        np.testing.assert_allclose(fluxes, alone, atol=1e-9)


def test_progress_counts_every_medium_once_and_ends_with_all(core: MetabolicNetwork):
    seen = []
    LabelSimulator(core, NAMES).solve(UPTAKES, lambda done, total: seen.append((done, total)))
    assert seen == sorted(seen)
    assert seen[-1] == (4, 4)


@pytest.mark.skipif("METAGNN_MODELS" not in os.environ, reason="METAGNN_MODELS names no folder of models")
def test_growth_is_that_of_cobra_on_models_of_other_origin():
    import cobra.io

    for path in sorted(Path(os.environ["METAGNN_MODELS"]).glob("*.xml.gz")):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            network, model = load_network(path), cobra.io.read_sbml_model(str(path))
        model.tolerance = 1e-9
        name = next(iter(network.medium()))
        uptakes = np.linspace(1.0, 10.0, 4)[:, None]
        for method in METHODS:
            fluxes, status = LabelSimulator(network, [name], method).solve(uptakes)
            for row, uptake in enumerate(uptakes[:, 0]):
                with model:
                    model.reactions.get_by_id(name).lower_bound = -uptake
                    expected = model.slim_optimize()
                assert status[row] == ("infeasible" if np.isnan(expected) else "optimal"), path
                growth = fluxes[row, network.reaction_index(network.growth_reaction)]
                np.testing.assert_allclose(growth, expected, atol=1e-8)
