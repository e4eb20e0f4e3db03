import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metagnn.studies.measured.growth_traits import growth_traits

HOURS = np.linspace(0.0, 19.0, 20)[None, :]


@given(st.floats(0.1, 1.5), st.floats(0.0, 10.0), st.floats(-3.0, -1.0))
def test_a_lag_and_a_straight_line_are_found_exactly(rate: float, lag: float, start: float) -> None:
    curve = start + rate * np.maximum(HOURS - lag, 0.0)
    found = growth_traits(HOURS, curve).iloc[0]
    assert found["final_log_od"] == curve[0, -1]
    assert found["largest_rate"] == pytest.approx(rate)
    assert found["lag"] == pytest.approx(lag, abs=1e-6)


def test_a_shift_in_density_shifts_nothing_but_the_end() -> None:
    curve = np.random.default_rng(0).normal(size=(3, 20)).cumsum(axis=1)
    hours = np.tile(HOURS, (3, 1))
    plain, shifted = growth_traits(hours, curve), growth_traits(hours, curve + 2.0)
    assert (shifted["final_log_od"] - plain["final_log_od"]).tolist() == pytest.approx([2.0] * 3)
    assert shifted["largest_rate"].tolist() == pytest.approx(plain["largest_rate"].tolist())
    assert shifted["lag"].tolist() == pytest.approx(plain["lag"].tolist())


def test_a_curve_that_only_falls_has_its_lag_inside_the_measured_time() -> None:
    found = growth_traits(HOURS, -HOURS)
    assert 0.0 <= found["lag"].iloc[0] <= 19.0
    assert found["largest_rate"].iloc[0] == pytest.approx(-1.0)
