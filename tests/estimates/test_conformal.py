import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metagnn.errors import InputError
from metagnn.estimates.conformal import calibrate, least_rows


def test_exchangeable_rows_are_covered_as_asked_whatever_the_deviation_is_worth():
    rng, covered = np.random.default_rng(0), []
    for _ in range(400):
        deviation = rng.uniform(0.1, 10.0, (31, 1))
        residuals = rng.standard_t(2, (31, 1)) * rng.uniform(0.5, 2.0, (31, 1))
        scale = calibrate(residuals[:-1], deviation[:-1], 0.9)
        covered.append(abs(residuals[-1, 0]) <= scale[0] * deviation[-1, 0])
    assert 0.87 < np.mean(covered) < 0.95


def test_a_new_group_is_covered_where_groups_are_exchangeable_and_rows_within_them_alike():
    rng, new, pooled = np.random.default_rng(0), [], []
    for _ in range(400):
        # A group has a bias of its own: rows of the others say nothing of it.
        bias = rng.normal(size=13)
        residuals = (bias[:, None] + 0.1 * rng.normal(size=(13, 5)))[..., None]
        groups, ones = np.repeat(np.arange(12), 5), np.ones((60, 1))
        known = residuals[:12].reshape(60, 1)
        new.append(np.abs(residuals[12]) <= calibrate(known, ones, 0.9, groups)[0])
        within = known - bias[:12].repeat(5)[:, None]
        pooled.append(np.abs(residuals[12]) <= calibrate(within, ones, 0.9)[0])
    assert 0.88 < np.mean(new) < 0.97
    assert np.mean(pooled) < 0.4


def test_groups_count_alike_however_many_rows_they_have():
    small, large = np.full((20, 1), 3.0), np.full((200, 1), 1.0)
    groups = np.repeat([0, 1], [20, 200])
    residuals = np.concatenate([small, large])
    assert calibrate(residuals, np.ones_like(residuals), 0.9)[0] == 1.0
    assert calibrate(residuals, np.ones_like(residuals), 0.9, groups)[0] == 3.0


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_order_and_unit_change_nothing_and_gaps_do_not_count(seed):
    rng = np.random.default_rng(seed)
    residuals, deviation = rng.normal(size=(24, 2)), rng.uniform(0.5, 2.0, (24, 2))
    groups, order = rng.integers(0, 4, 24), rng.permutation(24)
    for grouping in (None, groups):
        scale = calibrate(residuals, deviation, 0.8, grouping)
        moved = None if grouping is None else grouping[order]
        assert np.array_equal(calibrate(residuals[order], deviation[order], 0.8, moved), scale)
        assert np.allclose(calibrate(-7.0 * residuals, 7.0 * deviation, 0.8, grouping), scale)
    gap = np.concatenate([residuals, np.full((3, 2), np.nan)])
    assert np.array_equal(calibrate(gap, np.ones((27, 2)), 0.8), calibrate(residuals, np.ones((24, 2)), 0.8))


def test_a_higher_level_is_never_narrower():
    residuals = np.random.default_rng(0).normal(size=(60, 1))
    scales = [calibrate(residuals, np.ones((60, 1)), level)[0] for level in (0.5, 0.7, 0.9, 0.95)]
    assert scales == sorted(scales)


@pytest.mark.parametrize(("level", "rows"), [(0.5, 1), (0.8, 4), (0.9, 9), (0.95, 19)])
def test_says_how_many_rows_a_level_needs(level, rows):
    assert least_rows(level) == rows
    calibrate(np.ones((rows, 1)), np.ones((rows, 1)), level)
    if rows > 1:
        with pytest.raises(InputError, match=f"expected at least {rows}"):
            calibrate(np.ones((rows - 1, 1)), np.ones((rows - 1, 1)), level)


def test_bad_arguments_are_named():
    residuals = np.ones((12, 1))
    with pytest.raises(InputError, match="`level` is 90"):
        calibrate(residuals, residuals, 90)
    with pytest.raises(InputError, match="`deviation` holds"):
        calibrate(residuals, np.zeros((12, 1)), 0.9)
    with pytest.raises(InputError, match="shape"):
        calibrate(residuals, np.ones((11, 1)), 0.9)
    with pytest.raises(InputError, match="`groups` has shape"):
        calibrate(residuals, residuals, 0.9, np.zeros(3))
    with pytest.raises(InputError, match="`groups` holds 1 group"):
        calibrate(residuals, residuals, 0.9, np.zeros(12))
