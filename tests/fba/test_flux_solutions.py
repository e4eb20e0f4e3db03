import pandas as pd
import pytest

from metagnn.fba import FluxSolutions, simulate_fluxes
from tests.copies_and_threads import assert_copies_are_the_same


def test_feasible_is_the_mask_of_optimal_rows():
    status = pd.Series(["optimal", "infeasible", "failed: time"], index=list("abc"))
    fluxes = pd.DataFrame({"r": [1.0, None, None]}, index=list("abc"))
    solutions = FluxSolutions(fluxes, status, fluxes["r"], "fba")
    assert solutions.feasible.to_dict() == {"a": True, "b": False, "c": False}


def test_copies_are_the_same(core):
    media = pd.DataFrame({"EX_glc__D_e": [10.0, 0.0], "EX_o2_e": [20.0, 1.0]}, index=["rich", "none"])
    with pytest.warns(UserWarning, match="1 of 2 media are infeasible"):
        solutions = simulate_fluxes(core, media)
    assert_copies_are_the_same(solutions)
