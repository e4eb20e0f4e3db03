import numpy as np
import pandas as pd
import pytest

from metagnn.fba.simulate import simulate_fluxes
from metagnn.models.medium_pin import MediumPin
from metagnn.network import MetabolicNetwork
from metagnn.testing import toy_network

NAMES = ["EX_glc__D_e", "EX_ac_e", "EX_o2_e"]
UPTAKES = np.array([[5.0, 0.0, 15.0], [3.0, 6.0, 10.0], [8.0, 0.0, 4.0]])


def test_growth_is_the_given_one_below_at_and_above_the_optimum(core: MetabolicNetwork) -> None:
    labels = simulate_fluxes(core, pd.DataFrame(UPTAKES, columns=NAMES))
    optimum = labels.growth.to_numpy()
    pin, at = MediumPin(core, NAMES), core.reaction_index(core.growth_reaction)
    S, exchanges = core.stoichiometry.to_scipy(), [core.reaction_index(name) for name in NAMES]
    for factor in (0.0, 0.5, 1.0, 1.5):
        fluxes, scale = pin.fluxes(UPTAKES, factor * optimum)
        assert fluxes[:, at] == pytest.approx(factor * optimum, abs=1e-7)
        assert np.abs(S @ fluxes.T).max() < 1e-7
        assert (-fluxes[:, exchanges] <= UPTAKES * scale[:, None] + 1e-7).all()
        assert (scale > 1.0).all() if factor > 1 else (scale == 1.0).all()
        if factor == 1.0:
            assert fluxes == pytest.approx(labels.fluxes.to_numpy(), abs=1e-6)


def test_the_fluxes_have_the_least_norm_and_the_scale_is_the_least(core: MetabolicNetwork) -> None:
    pin = MediumPin(core, NAMES)
    growth = np.array([0.1, 0.1, 0.1])
    fluxes, _ = pin.fluxes(UPTAKES, growth)
    # Another flux of the same growth is longer: that of media which allow no more.
    others, _ = pin.fluxes(UPTAKES * 0.8, growth)
    assert (np.linalg.norm(fluxes, axis=1) <= np.linalg.norm(others, axis=1) + 1e-9).all()
    scale, largest = pin.scales(UPTAKES, np.array([0.9, 0.9, 0.9]))
    assert largest == pytest.approx(0.9, abs=1e-8)
    assert (pin.scales(UPTAKES * scale[:, None] * 0.99, np.full(3, 0.9))[0] > 1.0).all()


def test_what_something_else_limits_has_the_largest_growth_there_is() -> None:
    network = toy_network({"EX_a": "a <=>", "r": "a -> b", "growth": "b ->"}, "growth", {"r": (0, 2)})
    fluxes, _ = MediumPin(network, ["EX_a"]).fluxes(np.array([[1.0], [1.0]]), np.array([1.5, 5.0]))
    assert fluxes[:, -1].tolist() == pytest.approx([1.5, 2.0])


def test_a_medium_that_starves_is_fed_and_knockouts_hold(core: MetabolicNetwork) -> None:
    pin, at = MediumPin(core, NAMES), core.reaction_index(core.growth_reaction)
    closed = np.zeros((2, len(core.reactions)), dtype=bool)
    closed[1, core.reaction_index("PGI")] = True
    fluxes, scale = pin.fluxes(np.array([[0.1, 0.0, 0.2]] * 2), np.array([0.3, 0.3]), closed)
    assert fluxes[:, at] == pytest.approx(0.3, abs=1e-7)
    assert (scale > 1).all()
    assert fluxes[1, core.reaction_index("PGI")] == pytest.approx(0.0, abs=1e-9)
