import numpy as np
import pytest

from metagnn.estimates.relative_error import normalised_error, scaled_error

OBSERVED = np.array([[3.0, 4.0], [np.nan, 2.0], [np.nan, np.nan]])


def test_the_error_of_a_sample_is_in_units_of_its_size():
    assert normalised_error(OBSERVED, OBSERVED) == 0
    assert normalised_error(np.zeros((3, 2)), OBSERVED) == 1
    assert normalised_error(10 * np.ones((3, 2)), 10 * OBSERVED) == pytest.approx(
        normalised_error(np.ones((3, 2)), OBSERVED)
    )


def test_the_scaled_error_is_in_units_of_the_spread_and_infinite_without_an_answer():
    scale = np.array([1.0, 2.0])
    assert scaled_error(OBSERVED + 2 * scale, OBSERVED, scale) == pytest.approx(2)
    assert scaled_error(np.full((3, 2), np.nan), OBSERVED, scale) == np.inf
    weight = np.array([[1.0, 0.0], [1.0, 0.0], [1.0, 1.0]])
    assert scaled_error(OBSERVED + np.array([3.0, 100.0]), OBSERVED, scale, weight) == pytest.approx(3)
