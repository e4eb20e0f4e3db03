"""Trace exchanges: what growth needs to take up or give off although nobody measures it."""

from __future__ import annotations

import numpy as np
import scipy.sparse

from metagnn.errors import NetworkError
from metagnn.network.metabolic_network import MetabolicNetwork
from metagnn.optimize.linear_program import OPTIMAL, LinearProgram

GROWTH = 0.1
"""Growth at which trace exchanges are looked for [1/h]."""

LARGEST_TRACE = 0.02
"""What a gram of cells takes up or gives off of a trace, at most [mmol/gDW]."""

SMALLEST = 1e-12
"""Flux below which an exchange counts as unused [mmol/gDW/h]."""


ROUNDS = 5
"""Most linear programs that look for what growth needs for more than traces."""


def boundary_reactions(network: MetabolicNetwork) -> np.ndarray:
    """Exchanges, demands and sinks, boolean, shape `[reactions]`: all reactions across the boundary but growth."""
    moves = np.asarray(abs(network.mass_balances()).sum(axis=0)).ravel() > 0
    crossing = network.balances.crossing & moves
    crossing[network.further_constraints.columns] = False
    crossing[network.exchange_indices] = True
    crossing[network.reaction_index(network.growth_reaction)] = False
    return crossing


def needed_nutrients(network: MetabolicNetwork, present: np.ndarray) -> np.ndarray:
    """Flux per growth of what growth needs for more than traces, beyond those present, `[reactions]` [mmol/gDW].

    Zero for all other reactions. A cell that cannot make its amino acids takes them up although nobody measured them:
    held near zero as traces, they would forbid growth.

    Args:
        network: The network.
        present: Exchanges that may carry flux, boolean, shape `[reactions]`.

    Raises:
        NetworkError: The network cannot grow, whatever it takes up.
    """
    needed = np.zeros(len(present))
    # With some of them present, others may be needed for more than traces.
    for _ in range(ROUNDS):
        needs = _least_needs(network, present | (needed != 0))
        more = np.abs(needs) > LARGEST_TRACE
        needed[more] = needs[more]
        if not more.any():
            break
    return needed


def without_demands(lower: np.ndarray, upper: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Bounds that force no flux: a flux that had to run may run less, down to zero, or more, in its own direction.

    Args:
        lower: Lower bounds, shape `[reactions]` [mmol/gDW/h].
        upper: Upper bounds, the same shape.
    """
    forward, backward = lower > 0, upper < 0
    low = np.where(forward, 0.0, np.where(backward, -np.inf, lower))
    return low, np.where(backward, 0.0, np.where(forward, np.inf, upper))


def trace_needs(network: MetabolicNetwork, present: np.ndarray) -> np.ndarray:
    """What growth needs through boundary reactions beyond those present, shape `[reactions]` [mmol/gDW].

    Genome-scale models make by-products of cofactors (methanol, p-cresol) that leave through reactions of their own;
    with all of them closed nothing grows. One linear program finds the least total flux through the absent ones.

    Args:
        network: The network.
        present: Exchanges that may carry flux, boolean, shape `[reactions]`.

    Raises:
        NetworkError: The network cannot grow, whatever it takes up.
    """
    needs = np.abs(_least_needs(network, present))
    return np.asarray(np.where(needs > SMALLEST / GROWTH, needs, 0.0))


def _least_needs(network: MetabolicNetwork, present: np.ndarray) -> np.ndarray:
    """Flux of the absent boundary reactions per growth, zero of the others, shape `[reactions]` [mmol/gDW]."""
    count, growth = len(network.reactions), network.reaction_index(network.growth_reaction)
    absent = np.flatnonzero(boundary_reactions(network) & ~present)
    pick = scipy.sparse.csr_array((np.ones(len(absent)), (np.arange(len(absent)), absent)), shape=(len(absent), count))
    size = scipy.sparse.eye_array(len(absent))
    matrix = scipy.sparse.block_array([[network.stoichiometry.to_scipy(), None], [pick, -size], [-pick, -size]])
    rows = matrix.shape[0]
    least = np.full(rows, -np.inf)
    least[: rows - 2 * len(absent)] = 0.0
    program = LinearProgram(
        matrix, np.concatenate([np.zeros(count), np.ones(len(absent))]), "min", least, np.zeros(rows)
    )
    lower, upper = network.bounds.lower.copy(), network.bounds.upper.copy()
    lower, upper = without_demands(lower, upper)
    opened = present & boundary_reactions(network)
    lower[opened], upper[opened] = -np.inf, np.inf
    further = network.further_constraints.columns
    lower[further], upper[further] = network.bounds.lower[further], network.bounds.upper[further]
    lower[growth] = upper[growth] = GROWTH
    for widened in (False, True):
        # Keep the model's bounds first; take up what is not in the medium (a vitamin) only if growth needs it.
        lower[absent], upper[absent] = (-np.inf, np.inf) if widened else (lower[absent], upper[absent])
        solution = program.solve(
            np.concatenate([lower, np.zeros(len(absent))]), np.concatenate([upper, np.full(len(absent), np.inf)])
        )
        if solution.status == OPTIMAL:
            break
    else:
        raise NetworkError(
            f"{network.id} has no flux at steady state that grows; expected reactions for all biomass needs"
        )
    needs = np.zeros(count)
    needs[absent] = solution.values[absent] / GROWTH
    return needs
