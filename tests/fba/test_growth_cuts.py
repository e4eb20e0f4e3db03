import numpy as np
import pytest

from metagnn.datasets.media import uniform_media
from metagnn.datasets.reference_media import E_COLI_CORE_RANGES
from metagnn.fba.growth_cuts import growth_cuts
from metagnn.fba.simulate import simulate_fluxes
from metagnn.network import MetabolicNetwork
from metagnn.network.compression import compress
from metagnn.testing import toy_network


def limits(prices: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """What every cut allows in every medium, shape `[media, cuts]`, by a loop."""
    return np.array(
        [
            [sum(p * (h if p > 0 else b) for p, b, h in zip(row, lows, highs, strict=True) if p) for row in prices]
            for lows, highs in zip(low, high, strict=True)
        ]
    )


def test_no_cut_is_below_the_optimum_and_the_least_is_near_it_on_unseen_media(core: MetabolicNetwork):
    media = uniform_media(E_COLI_CORE_RANGES, 60, seed=3)
    labels = simulate_fluxes(core, media, "fba")
    lower, upper = core.uptake_bounds(list(media.columns), media.to_numpy())
    compression = compress(core.stoichiometry, lower.min(axis=0), upper.max(axis=0))
    coupled = compression.coupled
    growth = core.reaction_index(core.growth_reaction)
    prices = growth_cuts(coupled, growth, lower[:30], upper[:30])
    allowed = limits(prices, *coupled.group_bounds(lower, upper))
    optimum = labels.fluxes[core.growth_reaction].to_numpy()
    known = labels.feasible.to_numpy()
    assert (allowed[known] >= optimum[known, None] - 1e-7).all()
    least = allowed.min(axis=1)
    assert np.allclose(least[:30][known[:30]], optimum[:30][known[:30]], atol=1e-7)
    assert np.abs(least - optimum)[known].max() < 0.05


def test_what_limits_in_no_medium_at_hand_is_known_from_one_where_it_is_scarce():
    network = toy_network({"EX_a": "a <=>", "EX_b": "b <=>", "growth": "2 a + b ->"}, "growth")
    lower, upper = np.array([[-4.0, -50.0, 0.0], [-6.0, -70.0, 0.0]]), np.array([[9.0, 9.0, 9.0]] * 2)
    coupled = compress(network.stoichiometry, lower.min(axis=0), upper.max(axis=0)).coupled
    prices = growth_cuts(coupled, 2, lower, upper)
    # Growth is at most a / 2, and at most b, though b was never the lesser.
    scarce = coupled.group_bounds(np.array([[-6.0, -0.25, 0.0]]), upper[:1])
    assert limits(prices, *scarce).min() == pytest.approx(0.25)


def test_a_growth_that_can_carry_nothing_has_no_cut():
    network = toy_network({"EX_a": "a <=>", "growth": "a + b ->"}, "growth")
    lower, upper = np.array([[-4.0, 0.0]]), np.array([[9.0, 9.0]])
    coupled = compress(network.stoichiometry, lower[0], upper[0]).coupled
    assert growth_cuts(coupled, 1, lower, upper).shape[0] == 0
