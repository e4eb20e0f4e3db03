import threading

import numpy as np
import pytest

from metagnn.errors import InputError
from metagnn.fba import METHODS, FluxSimulator
from tests.copies_and_threads import COPIES, in_threads, in_workers

NAMES = ["EX_glc__D_e", "EX_gln__L_e", "EX_o2_e"]


@pytest.fixture(scope="module")
def uptakes():
    return np.random.default_rng(0).uniform(0, [10, 10, 20], (40, 3))


def _same(one, other):
    return np.array_equal(one[0], other[0], equal_nan=True) and one[1] == other[1]


@pytest.mark.parametrize("method", METHODS)
def test_threads_that_share_a_simulator_label_as_each_would_alone(core, uptakes, method):
    alone, shared = FluxSimulator(core, NAMES, method).solve(uptakes), FluxSimulator(core, NAMES, method)
    start = threading.Barrier(8)

    def solve(_):
        start.wait(timeout=60)
        return shared.solve(uptakes)

    assert all(_same(found, alone) for found in in_threads(solve, range(8)))


@pytest.mark.parametrize("method", METHODS)
def test_copies_and_workers_start_from_the_beginning(core, uptakes, method):
    used = FluxSimulator(core, NAMES, method)
    first = used.solve(uptakes)
    used.solve(uptakes[::-1])
    assert all(_same(duplicate(used).solve(uptakes), first) for duplicate in COPIES)
    assert all(_same(found, first) for found in in_workers(used.solve, [uptakes] * 2))


@pytest.mark.parametrize("method", METHODS)
def test_no_digit_depends_on_what_was_solved_before_or_on_the_neighbours(core, uptakes, method):
    used = FluxSimulator(core, NAMES, method)
    first = used.solve(uptakes)
    backward = used.solve(uptakes[::-1])
    assert _same((backward[0][::-1], backward[1][::-1]), first)
    for row in (0, 7, 23):
        alone = FluxSimulator(core, NAMES, method).solve(uptakes[[row]])
        assert _same(alone, (first[0][[row]], [first[1][row]]))


def test_no_medium_gives_no_fluxes(core):
    fluxes, status = FluxSimulator(core, NAMES).solve(np.zeros((0, 3)))
    assert (fluxes.shape, status) == ((0, len(core.reactions)), [])


def test_an_unknown_method_is_named_with_the_nearest(core):
    with pytest.raises(InputError, match="min_norm"):
        FluxSimulator(core, NAMES, "minnorm")
