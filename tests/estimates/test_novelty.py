import numpy as np
import pytest

from metagnn.estimates.novelty import Novelty

FIT = np.array([[1.0, 0.0, 0.0], [3.0, 0.0, 0.0], [0.0, 2.0, 0.0], [2.0, 1.0, 0.0]])


@pytest.mark.parametrize(
    ("sample", "said"),
    [
        ([3.0, 0.0, 0.0], "seen"),
        ([1.0, 1.0, 0.0], "interpolated"),
        ([6.0, 0.0, 0.0], "extrapolated"),
        ([3.0, 0.0, 0.5], "new substrate"),
    ],
)
def test_a_sample_is_named_by_what_the_fit_knew(sample: list[float], said: str):
    assert Novelty(FIT).describe(np.array([sample])).tolist() == [said]


def test_the_samples_of_the_fit_are_at_no_distance_and_units_do_not_matter():
    novelty = Novelty(FIT)
    np.testing.assert_array_equal(novelty.distance(FIT), 0.0)
    unit = np.array([10.0, 0.1, 1.0])
    others = FIT + 0.7
    np.testing.assert_allclose(Novelty(FIT * unit).distance(others * unit)[:3], novelty.distance(others)[:3])


def test_a_gap_is_no_distance():
    assert Novelty(FIT).distance(np.array([[np.nan, 0.0, 0.0]]))[0] == 0


@pytest.mark.filterwarnings("error")
def test_without_inputs_nothing_is_far():
    novelty = Novelty(np.zeros((4, 0)))
    assert novelty.distance(np.zeros((2, 0))).tolist() == [0.0, 0.0]
    assert novelty.describe(np.zeros((2, 0))).tolist() == ["seen", "seen"]
