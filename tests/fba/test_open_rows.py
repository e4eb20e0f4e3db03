import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metagnn.fba.open_rows import TOLERANCE, OpenRows


def _bounds(seed):
    rng = np.random.default_rng(seed)
    lower = np.repeat(rng.integers(-3, 1, (1, 6)).astype(float), 8, axis=0)
    upper = lower + rng.integers(0, 4, (1, 6))
    moved = rng.choice(6, 3, replace=False)
    lower[:, moved] -= rng.integers(0, 3, (8, 3))
    upper[:, moved] += rng.integers(-1, 3, (8, 3))
    upper[:, moved[0]] = np.inf
    return lower, upper, rng


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 100_000))
def test_what_it_says_of_all_rows_is_what_each_row_says(seed):
    lower, upper, rng = _bounds(seed)
    rows = OpenRows(lower, upper)
    assert rows.empty().tolist() == (lower > upper).any(axis=1).tolist()
    rows.remove(rows.empty())
    kept = np.flatnonzero((lower <= upper).all(axis=1))
    assert rows.rows.tolist() == kept.tolist()
    flux = rng.integers(-3, 4, 6) + rng.choice([0.0, 0.5 * TOLERANCE], 6)
    inside = (lower[kept] - TOLERANCE <= flux) & (flux <= upper[kept] + TOLERANCE)
    assert rows.contains(flux).tolist() == inside.all(axis=1).tolist()
    certificate = rng.integers(-1, 2, 6).astype(float)
    used = certificate != 0
    ends = np.where(certificate > 0, upper, lower)[kept][:, used]
    assert rows.refuted(certificate).tolist() == (ends @ certificate[used] < 0).tolist()


def test_a_row_taken_out_is_gone_from_every_answer():
    rows = OpenRows(np.zeros((3, 2)), np.array([[1.0, 1.0], [2.0, 1.0], [3.0, 1.0]]))
    rows.remove(rows.rows == 1)
    assert rows.rows.tolist() == [0, 2]
    assert rows.contains(np.array([2.5, 0.0])).tolist() == [False, True]
    rows.remove(np.array([True, True]))
    assert rows.contains(np.zeros(2)).shape == (0,)


def test_columns_that_differ_are_priced_by_their_spread():
    rows = OpenRows(np.array([[0.0, 0.0], [-4.0, 0.0]]), np.array([[1.0, 1.0], [1.0, 3.0]]))
    assert (rows.moves_low.tolist(), rows.moves_high.tolist()) == ([0], [1])
    assert rows.costs == pytest.approx([0.25, 0.5])
