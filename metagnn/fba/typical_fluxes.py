"""Typical fluxes: flux balance analysis of a few of many samples."""

from __future__ import annotations

import numpy as np

from metagnn.fba.law_errors import law_errors
from metagnn.fba.parsimonious import ParsimoniousOptimum
from metagnn.fba.reduced_problem import ReducedProblem
from metagnn.network.metabolic_network import MetabolicNetwork
from metagnn.optimize.linear_program import OPTIMAL

TOLERANCE = 1e-6
"""Largest |S v| or violation of a bound of a typical flux [mmol/gDW/h]."""


def typical_fluxes(
    network: MetabolicNetwork, lower: np.ndarray, upper: np.ndarray, most: int = 100
) -> tuple[np.ndarray, np.ndarray]:
    """Return parsimonious fluxes of evenly chosen samples, and the rows of these.

    Args:
        network: The network.
        lower: Lower bounds, shape `[samples, reactions]` [mmol/gDW/h].
        upper: Upper bounds, the same shape.
        most: Largest number of samples; a hundred take .1 s on e_coli_core and one to two seconds at genome scale.

    Returns:
        Fluxes `[rows, reactions]` [mmol/gDW/h] and rows `[rows]`, without samples that have no optimum.
    """
    chosen = np.unique(np.linspace(0, len(lower) - 1, min(most, len(lower))).round().astype(int))
    lower, upper = lower[chosen], upper[chosen]
    matrix = network.stoichiometry.to_scipy().tocsc()
    growth = network.reaction_index(network.growth_reaction)
    uncounted = network.further_constraints.columns
    problem = ReducedProblem(matrix, growth, (lower.min(axis=0), upper.max(axis=0)), 1, uncounted)
    varying = np.flatnonzero(((lower != lower[0]) | (upper != upper[0])).any(axis=0))
    low, high = problem.coupled.group_bounds(lower, upper)
    groups, backward = problem.coupled.groups_with(varying), low.min(axis=0) < 0
    program = ParsimoniousOptimum(problem.coupled.matrix, problem.growth, backward, groups, problem.weights)
    values, status = program.solve(low, high, lambda done: None)
    fluxes = problem.coupled.expand(values)
    # A demand on a reaction that can carry nothing is in no group: only the fluxes show that it is not met.
    missed = np.maximum(*law_errors(matrix, fluxes, lower, upper)) > TOLERANCE
    solved = np.array([text == OPTIMAL for text in status]) & ~missed
    return fluxes[solved], chosen[solved]
