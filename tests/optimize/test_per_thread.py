import copy
import functools
import pickle
import threading
from concurrent.futures import ThreadPoolExecutor

import joblib
import numpy as np
import pytest

from metagnn.optimize import LinearProgram
from metagnn.optimize.per_thread import PerThread


def test_every_thread_makes_one_of_its_own():
    own, wait = PerThread(functools.partial(list)), threading.Barrier(4)

    def twice(_):
        first = own.get()
        wait.wait(timeout=10)
        return first, own.get()

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(twice, range(4)))
    assert all(first is second for first, second in found)
    assert len({id(first) for first, _ in found}) == 4


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy, lambda own: pickle.loads(pickle.dumps(own))])
def test_a_copy_keeps_the_recipe_and_makes_its_own(duplicate):
    own = PerThread(functools.partial(LinearProgram, np.array([[1.0, -1.0]]), [0.0, 1.0]))
    bounds = np.zeros(2), np.array([3.0, 10.0])
    before = own.get().solve(*bounds).objective
    copied = duplicate(own)
    assert copied.get() is not own.get()
    assert copied.get().solve(*bounds).objective == before == 3.0


def test_worker_processes_and_threads_give_the_serial_result():
    own = PerThread(functools.partial(LinearProgram, np.array([[1.0, -1.0]]), [0.0, 1.0]))
    uppers = [np.array([limit, 10.0]) for limit in np.linspace(0, 5, 40)]
    expected = [own.get().solve(np.zeros(2), upper).objective for upper in uppers]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(functools.partial(_objective, own), uppers)) == expected
    assert joblib.Parallel(2)(joblib.delayed(_objective)(own, upper) for upper in uppers) == expected


def _objective(own, upper):
    return own.get().solve(np.zeros(2), upper).objective


def test_a_maker_that_fails_is_asked_again():
    answers = iter([ValueError("not yet"), 3])

    def make():
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    own = PerThread(make)
    with pytest.raises(ValueError, match="not yet"):
        own.get()
    assert own.get() == own.get() == 3
