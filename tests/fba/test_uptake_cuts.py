import numpy as np
import pandas as pd
import pytest

from metagnn.fba.simulate import simulate_fluxes
from metagnn.fba.uptake_cuts import UptakeCuts
from metagnn.network import MetabolicNetwork
from metagnn.testing import toy_network

NAMES = ["EX_glc__D_e", "EX_ac_e", "EX_o2_e"]


def test_growth_is_that_of_fba_and_every_cut_bounds_it_everywhere(core: MetabolicNetwork) -> None:
    uptakes = np.random.default_rng(0).uniform(0.5, 15.0, (40, 3)) * [1, 1, 2]
    cuts = UptakeCuts(core, NAMES)
    growth, slopes, offsets = cuts.solve(uptakes)
    labels = simulate_fluxes(core, pd.DataFrame(uptakes, columns=NAMES), "fba").growth.to_numpy()
    fine = ~np.isnan(labels)
    assert growth[fine] == pytest.approx(labels[fine], abs=1e-8)
    # Below maintenance it lives on itself.
    assert (growth[~fine] < 0).all()
    others = np.random.default_rng(1).uniform(0.0, 20.0, (60, 3))
    bounds = others @ slopes.T + offsets
    assert (bounds >= cuts.solve(others)[0][:, None] - 1e-8).all()
    assert (slopes >= -1e-12).all()
    assert np.abs((uptakes * slopes).sum(1) + offsets - growth).max() < 1e-9


def test_knockouts_lower_growth(core: MetabolicNetwork) -> None:
    uptakes, closed = np.array([[10.0, 0.0, 20.0]] * 2), np.zeros((2, len(core.reactions)), dtype=bool)
    closed[1, core.reaction_index("PGI")] = True
    growth = UptakeCuts(core, NAMES).solve(uptakes, closed)[0]
    assert growth[1] < growth[0] - 1e-3


def test_what_is_asked_before_does_not_matter(core: MetabolicNetwork) -> None:
    uptakes = np.random.default_rng(2).uniform(0.0, 15.0, (10, 3))
    cuts = UptakeCuts(core, NAMES)
    first = cuts.solve(uptakes)
    cuts.solve(uptakes[::-1] * 0.3)
    for one, other in zip(first, cuts.solve(uptakes), strict=True):
        assert np.array_equal(one, other)


def test_an_import_that_is_written_forward_has_a_price_too() -> None:
    network = toy_network({"EX_a": "a <=>", "EX_b": "-> b", "growth": "2 a + b ->"}, "growth")
    growth, slopes, offsets = UptakeCuts(network, ["EX_a", "EX_b"]).solve(np.array([[3.0, 5.0], [9.0, 1.0]]))
    assert growth.tolist() == pytest.approx([1.5, 1.0])
    assert slopes == pytest.approx(np.array([[0.5, 0.0], [0.0, 1.0]]))
    assert offsets == pytest.approx(np.zeros(2))
