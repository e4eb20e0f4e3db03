import numpy as np
import pytest

from metagnn.estimates.measurement_gains import LARGEST, GainWarning, fit_gains, warn_of_gains


def on_line(targets: np.ndarray, deviation: np.ndarray) -> np.ndarray:
    """Nearest fluxes of a chain of four reactions: all carry the same."""
    weight = np.where(np.isnan(targets), 0.0, deviation**-2.0)
    mean = (weight * np.nan_to_num(targets)).sum(axis=1, keepdims=True) / weight.sum(axis=1, keepdims=True)
    return np.broadcast_to(mean, targets.shape)


def measured(gain: float, noise: float = 0.01) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    flux = rng.uniform(1, 10, size=(40, 1))
    observed = flux * np.array([1.0, 1.0, 1.0, gain]) * (1 + noise * rng.normal(size=(40, 4)))
    return observed, np.full(observed.shape, 0.1)


def test_what_closes_keeps_a_gain_of_one():
    np.testing.assert_allclose(fit_gains(on_line, *measured(1.0)), 1.0, atol=0.01)


def test_the_measurement_that_does_not_close_bears_the_difference():
    gains = fit_gains(on_line, *measured(0.7))
    assert gains[3] / gains[:3].mean() == pytest.approx(0.7, abs=0.02)
    assert gains[3] < gains[:3].min()


def test_a_gap_counts_for_nothing_and_a_quantity_never_measured_keeps_one():
    observed, deviation = measured(1.0)
    observed[:, 3] = np.nan
    observed[::3, 0] = np.nan
    gains = fit_gains(on_line, observed, deviation)
    assert gains[3] == 1.0
    np.testing.assert_allclose(gains, 1.0, atol=0.01)


def test_a_gain_at_its_bound_is_named():
    gains = fit_gains(on_line, *measured(50.0))
    assert gains[3] == LARGEST
    with pytest.warns(GainWarning, match="EX_co2_e is measured at 2 of what the network needs: check its unit"):
        warn_of_gains(gains, ["a", "b", "c", "EX_co2_e"])
