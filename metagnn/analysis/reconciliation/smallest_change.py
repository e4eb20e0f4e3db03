"""Find measurements that no flux can meet, and the smallest change that makes them feasible."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse

from metagnn.network.metabolic_network import MetabolicNetwork
from metagnn.optimize.linear_program import OPTIMAL, LinearProgram

WINDOW = 3.0
"""Number of standard deviations within which a measurement is met."""

ANY_CHANGE = 1e-6
WIDEST = 1e6


@dataclass(frozen=True)
class NeededChange:
    """A measurement that has to change before some flux can meet all of them.

    Attributes:
        sample: Name of the sample.
        reaction: The measured reaction.
        measured: The measured rate [mmol/gDW/h].
        nearest: The nearest rate with which all measurements can be met within three standard deviations
            [mmol/gDW/h].
    """

    sample: str
    reaction: str
    measured: float
    nearest: float


class ChangeFinder:
    """Find the least change of measurements, in standard deviations, that lets some flux meet all of them.

    One linear program a sample. It minimises absolute changes, which are sparse, so that few measurements are named.

    Args:
        network: The network.
        bounds: Bounds of every flux, as wide as measurements may be taken to [mmol/gDW/h].
        measured: Positions of the reactions that may be measured.
    """

    def __init__(self, network: MetabolicNetwork, bounds: tuple[np.ndarray, np.ndarray], measured: np.ndarray) -> None:
        self._network, self._measured = network, measured
        count, held = len(network.reactions), len(measured)
        pick = scipy.sparse.csr_array((np.ones(held), (np.arange(held), measured)), shape=(held, count))
        one = scipy.sparse.eye_array(held)
        # v − up + down = window; up and down are the changes of a measurement.
        matrix = scipy.sparse.block_array(
            [[network.stoichiometry.to_scipy(), None, None, None], [pick, -one, one, -one]]
        )
        self._program = LinearProgram(matrix, np.zeros(matrix.shape[1]), "min")
        lower, upper = np.maximum(bounds[0], -WIDEST), np.minimum(bounds[1], WIDEST)
        self._bounds = lower, upper

    def find_changes(self, sample: str, measured: np.ndarray, deviations: np.ndarray) -> tuple[NeededChange, ...]:
        """Find the changes that a sample needs, the largest first; none where some flux meets it as it is.

        Args:
            sample: Name of the sample.
            measured: Its measurements, NaN where there is none, shape `[reactions]` [mmol/gDW/h].
            deviations: Their standard deviations.
        """
        rates, std = measured[self._measured], deviations[self._measured]
        known = ~np.isnan(rates)
        costs = np.where(known, 1.0 / np.where(known, std, 1.0), 0.0)
        low = np.where(known, rates - WINDOW * std, -WIDEST)
        high = np.where(known, rates + WINDOW * std, WIDEST)
        give, nothing = np.full(len(rates), 2 * WIDEST), np.zeros(len(rates))
        solution = self._program.solve(
            np.concatenate([self._bounds[0], nothing, nothing, low]),
            np.concatenate([self._bounds[1], give, give, high]),
            np.concatenate([np.zeros(len(measured)), costs, costs, np.zeros(len(rates))]),
        )
        if solution.status != OPTIMAL:
            return ()
        count = len(measured)
        change = solution.values[count : count + len(rates)] - solution.values[count + len(rates) :][: len(rates)]
        moved = np.flatnonzero(known & (np.abs(change) > ANY_CHANGE))
        order = moved[np.argsort(-np.abs(change[moved] * costs[moved]))]
        edge = np.where(change > 0, high, low) + change
        return tuple(
            NeededChange(sample, self._network.reactions[self._measured[i]], float(rates[i]), float(edge[i]))
            for i in order
        )
