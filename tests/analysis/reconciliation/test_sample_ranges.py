import numpy as np
import pytest
import scipy.optimize
from hypothesis import given, settings
from hypothesis import strategies as st

from metagnn.analysis.reconciliation.sample_ranges import SampleRanges
from metagnn.fba.flux_variability import flux_ranges
from metagnn.optimize.linear_program import LinearProgram
from metagnn.testing import random_network


def bounds_around(rng: np.random.Generator, matrix, samples: int, moving: int) -> tuple[np.ndarray, np.ndarray]:
    """Bounds of many samples that differ in some columns; zero is within all of them."""
    count = matrix.shape[1]
    lower, upper = -rng.integers(0, 6, count).astype(float), rng.integers(1, 7, count).astype(float)
    lower, upper = np.tile(lower, (samples, 1)), np.tile(upper, (samples, 1))
    at = rng.choice(count, moving, replace=False)
    lower[:, at] *= rng.uniform(0.1, 1.0, (samples, moving))
    upper[:, at] *= rng.uniform(0.1, 1.0, (samples, moving))
    return lower, upper


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 10_000), samples=st.sampled_from([1, 4, 40]))
def test_ranges_are_those_of_a_linear_program_for_every_sample_and_side(seed, samples):
    rng = np.random.default_rng(seed)
    matrix = random_network(seed).stoichiometry.to_scipy()
    lower, upper = bounds_around(rng, matrix, samples, 3)
    columns = rng.choice(matrix.shape[1], 6, replace=False)
    wanted = rng.random((samples, 6)) < 0.7
    found = SampleRanges(matrix, lower, upper).find_ranges(columns, wanted)
    assert np.array_equal(np.isnan(found).any(axis=2), ~wanted)
    dense = matrix.toarray()
    for row, position in np.argwhere(wanted)[:: max(samples // 4, 1)]:
        for side, sign in enumerate((1.0, -1.0)):
            costs = np.where(np.arange(matrix.shape[1]) == columns[position], sign, 0.0)
            box = np.c_[lower[row], upper[row]]
            least = scipy.optimize.linprog(costs, A_eq=dense, b_eq=np.zeros(len(dense)), bounds=box)
            assert found[row, position, side] == pytest.approx(sign * least.fun, abs=1e-8)


def test_samples_that_share_bases_get_what_each_gets_alone(core):
    rng = np.random.default_rng(0)
    matrix = core.stoichiometry.to_scipy()
    lower, upper = np.tile(core.bounds.lower, (60, 1)), np.tile(core.bounds.upper, (60, 1))
    for name, low, high in (("EX_glc__D_e", 2, 10), ("EX_o2_e", 1, 20)):
        lower[:, core.reaction_index(name)] = -rng.uniform(low, high, 60)
    # Some samples cannot maintain themselves, and are to be found out.
    lower[::7, core.reaction_index("EX_glc__D_e")] = 0.0
    columns = core.exchange_indices
    found = SampleRanges(matrix, lower, upper).find_ranges(columns, np.ones((60, len(columns)), dtype=bool))
    assert np.array_equal(np.isnan(found).all(axis=(1, 2)), np.arange(60) % 7 == 0)
    program = LinearProgram(matrix, np.zeros(matrix.shape[1]))
    for row in (1, 20, 59):
        assert found[row] == pytest.approx(flux_ranges(program, lower[row], upper[row], columns), abs=1e-8)


def test_what_nothing_can_move_has_the_range_zero():
    matrix = np.array([[1.0, -1.0, 0.0], [0.0, 0.0, 1.0]])
    lower, upper = np.array([[0.0, 0.0, -5.0]] * 2), np.array([[1.0, 9.0, 5.0], [2.0, 9.0, 5.0]])
    found = SampleRanges(matrix, lower, upper).find_ranges(np.arange(3), np.ones((2, 3), dtype=bool))
    assert found[:, 2].tolist() == [[0.0, 0.0]] * 2
    # The columns move as one: the narrower bound is that of both.
    assert found[:, 1, 1].tolist() == [1.0, 2.0]
