import numpy as np

from metagnn.optimize.active_set_solution import first_guess


def test_pins_are_held_and_bounds_that_do_not_exist_are_not() -> None:
    lower, upper = np.array([1.0, -np.inf, 0.0]), np.array([1.0 + 1e-12, 5.0, np.inf])
    pinned, guess = first_guess(lower, upper, np.array([0, -1, 1]))
    assert pinned.tolist() == [True, False, False]
    assert guess.tolist() == [-1, 0, 0]
