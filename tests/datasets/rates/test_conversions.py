import numpy as np
import pytest

from metagnn.datasets.rates.conversions import batch_rates, chemostat_rate, per_biomass, smooth
from metagnn.errors import TableError


def measured(*values: float, relative: float = 0.05):
    array = np.array(values)
    return array, relative * np.abs(array)


def test_errors_of_a_quotient_add_in_square():
    rate, std = per_biomass(measured(20.0), measured(4.0))
    assert rate[0] == 5.0
    assert std[0] == pytest.approx(5.0 * 0.05 * np.sqrt(2))


def test_a_chemostat_rate_has_the_spread_of_its_draws():
    rng = np.random.default_rng(0)
    means, stds = np.array([1.0, 50.0, 0.2, 5.0]), np.array([0.05, 2.0, 0.004, 0.2])
    broth, feed, dilution, biomass = rng.normal(means, stds, (20000, 4)).T
    draws = dilution * (broth - feed) / biomass
    rate, std = chemostat_rate(*((means[[i]], stds[[i]]) for i in range(4)))
    assert rate[0] == pytest.approx(draws.mean(), rel=0.01)
    assert std[0] == pytest.approx(draws.std(), rel=0.05)


def test_the_smoother_keeps_lines_and_knows_their_slope():
    times = np.sort(np.random.default_rng(1).uniform(0, 10, 12))
    smoother, spread = smooth(times, 3.0 + 2.0 * times)
    assert smoother.values @ (3.0 + 2.0 * times) == pytest.approx(3.0 + 2.0 * times, abs=1e-6)
    assert smoother.slopes @ (3.0 + 2.0 * times) == pytest.approx(np.full(12, 2.0), abs=1e-6)
    assert spread < 1e-6


def test_the_spread_around_a_spline_is_the_noise():
    rng = np.random.default_rng(2)
    times = np.linspace(0, 10, 60)
    spreads = [smooth(times, np.sin(times / 3) + 0.1 * rng.standard_normal(60))[1] for _ in range(3)]
    assert np.mean(spreads) == pytest.approx(0.1, rel=0.25)


def test_errors_of_growth_cover_the_truth():
    rng = np.random.default_rng(3)
    times, nothing = np.linspace(0, 6, 13), np.full(13, np.nan)
    scores = []
    for _ in range(6):
        mass = 0.2 * np.exp(0.4 * times) * (1 + 0.03 * rng.standard_normal(13))
        (growth, std), _ = batch_rates(times, (mass, nothing), {})
        scores.append((growth - 0.4) / std)
    assert (np.abs(scores) < 1.645).mean() > 0.6


def test_impossible_series_are_refused():
    with pytest.raises(TableError, match="at least 5"):
        smooth(np.arange(4.0), np.arange(4.0))
    with pytest.raises(TableError, match="do not rise"):
        smooth(np.zeros(6), np.arange(6.0))
    with pytest.raises(TableError, match="not positive"):
        batch_rates(np.arange(6.0), (np.zeros(6), np.full(6, np.nan)), {})
