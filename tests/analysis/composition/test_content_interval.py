import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metagnn.analysis.composition.content_interval import QUANTILE, UNDETERMINED, content_interval


@given(content=st.floats(1e-3, 1e3), error=st.floats(0, 0.499), scale=st.floats(0.1, 10))
def test_an_interval_is_positive_holds_its_content_and_scales_with_it(content, error, scale):
    value, (low, high) = content_interval(content, error)
    assert value == content
    assert 0 < low <= value <= high < np.inf
    assert low * high == pytest.approx(content**2)
    assert content_interval(scale * content, error)[1] == pytest.approx((scale * low, scale * high))


@pytest.mark.parametrize("error", [1e-4, 1e-3, 1e-2])
def test_small_errors_give_the_symmetric_interval(error):
    _, (low, high) = content_interval(40.0, error)
    assert (high - low) / 2 == pytest.approx(QUANTILE * error * 40.0, rel=error)


@pytest.mark.parametrize(
    ("content", "error"),
    [(40.0, UNDETERMINED), (40.0, np.inf), (40.0, np.nan), (0.0, 0.1), (-1.0, 0.1), (np.nan, 0.1)],
)
def test_what_is_not_determined_is_nan_within_everything(content, error):
    value, interval = content_interval(content, error)
    assert np.isnan(value)
    assert interval == (0.0, np.inf)


def test_nine_of_ten_lognormal_estimates_cover_the_truth():
    estimates = 40.0 * np.exp(0.1 * np.random.default_rng(0).normal(size=4000))
    intervals = np.array([content_interval(estimate, 0.1)[1] for estimate in estimates])
    assert ((intervals[:, 0] <= 40.0) & (intervals[:, 1] >= 40.0)).mean() == pytest.approx(0.9, abs=0.015)
