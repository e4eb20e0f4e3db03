import pandas as pd

from metagnn.fba import FluxSolutions


def test_feasible_is_the_mask_of_optimal_rows():
    status = pd.Series(["optimal", "infeasible", "failed: time"], index=list("abc"))
    fluxes = pd.DataFrame({"r": [1.0, None, None]}, index=list("abc"))
    solutions = FluxSolutions(fluxes, status, fluxes["r"], "fba")
    assert solutions.feasible.to_dict() == {"a": True, "b": False, "c": False}
