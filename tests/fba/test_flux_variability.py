import numpy as np
import pytest
import scipy.optimize
from hypothesis import given, settings
from hypothesis import strategies as st

from metagnn.errors import InputError
from metagnn.fba.flux_variability import flux_ranges
from metagnn.network import MetabolicNetwork
from metagnn.optimize import LinearProgram
from metagnn.testing import random_network


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_ranges_are_those_of_a_program_for_each_end(seed):
    network = random_network(seed)
    matrix, bounds = network.stoichiometry.to_dense().numpy(), network.bounds
    program = LinearProgram(matrix, np.zeros(matrix.shape[1]))
    found = flux_ranges(program, bounds.lower, bounds.upper, range(matrix.shape[1]))
    limits = np.c_[bounds.lower, bounds.upper]
    for column, (low, high) in enumerate(found):
        for sign, end in ((1.0, low), (-1.0, high)):
            cost = sign * np.eye(matrix.shape[1])[column]
            reference = scipy.optimize.linprog(cost, A_eq=matrix, b_eq=np.zeros(len(matrix)), bounds=limits)
            assert sign * end == pytest.approx(reference.fun, abs=1e-6)


def test_a_combination_has_the_range_of_its_sum(core: MetabolicNetwork):
    program = LinearProgram(core.stoichiometry.to_scipy(), np.zeros(95))
    uptake, balance = core.reaction_index("EX_glc__D_e"), core.reaction_index("GLCpts")
    combinations = np.zeros((2, 95))
    combinations[0, [uptake, balance]] = 1.0
    combinations[1, uptake] = -2.0
    ranges = flux_ranges(program, core.bounds.lower, core.bounds.upper, combinations)
    alone = flux_ranges(program, core.bounds.lower, core.bounds.upper, [uptake])[0]
    # All glucose goes through one transporter.
    assert ranges[0] == pytest.approx([0.0, 0.0], abs=1e-7)
    assert ranges[1] == pytest.approx(-2 * alone[::-1], abs=1e-7)


def test_without_bounds_a_range_is_infinite_and_without_flux_there_is_none():
    program = LinearProgram([[1.0, -1.0]], [0.0, 0.0])
    endless = flux_ranges(program, np.array([2.0, -np.inf]), np.full(2, np.inf), [0, 1])
    assert endless.tolist() == [[2.0, np.inf], [2.0, np.inf]]
    with pytest.raises(InputError, match="no flux satisfies the bounds"):
        flux_ranges(program, np.array([2.0, 0.0]), np.array([3.0, 1.0]), [0])
