"""A certificate of optimality that owes nothing to metagnn's solvers: a linear program of SciPy's HiGHS."""

from __future__ import annotations

import numpy as np
import scipy.optimize
import scipy.sparse


def optimality_gap(
    S: scipy.sparse.csr_array, fluxes: np.ndarray, gradient: np.ndarray, lower: np.ndarray, upper: np.ndarray
) -> float:
    """Return how far a feasible flux is from the least of a convex function, relative to the size of its slope.

    The flux is optimal exactly if no feasible x has gradient · x below gradient · fluxes (first-order condition of
    convex programs; Boyd and Vandenberghe 2004, doi 10.1017/CBO9780511804441, section 4.2.3).

    Args:
        S: Equations, shape `[balances, reactions]`, with right side 0.
        fluxes: Shape `[reactions]` [mmol/gDW/h].
        gradient: Gradient of the function at the fluxes, the same shape.
        lower: Lower bounds, the same shape.
        upper: Upper bounds, the same shape.

    Raises:
        ArithmeticError: HiGHS finds no optimum.
    """
    # The relative gap stays, and HiGHS keeps its tolerances.
    gradient = gradient / max(float(np.abs(gradient).max()), np.finfo(np.float64).tiny)
    problem = {"A_eq": S, "b_eq": np.zeros(S.shape[0]), "bounds": np.stack([lower, upper], axis=1)}
    found = scipy.optimize.linprog(gradient, **problem)
    if found.status != 0:
        # The presolve of HiGHS takes some narrow boxes for empty.
        found = scipy.optimize.linprog(gradient, **problem, options={"presolve": False})
    if found.status != 0:
        raise ArithmeticError(f"HiGHS finds no optimum to compare with: {found.message}")
    return float(gradient @ fluxes - found.fun) / max(1e-9, float(np.abs(gradient) @ np.abs(fluxes)))
