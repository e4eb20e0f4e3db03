"""What an objective cannot exceed, by the reduced costs of linear programs that were solved before."""

from __future__ import annotations

from collections import OrderedDict

import numpy as np

from metagnn.optimize.per_thread import PerThread

ROUNDING = 1e-12
"""Smaller reduced costs of columns without a bound are rounding."""

CLOSE = 2e-10, 1e-9
"""Distance from the ceiling, absolute and relative, up to which values reach it. A metal moves growth by 1e5 times its
flux, so values that keep all bounds to a solver's tolerance can miss it by more."""

MOST = 256
"""Most ceilings to keep."""


class ObjectiveCeiling:
    """Upper limits of c·v over A v = 0, lower ≤ v ≤ upper, from weak duality.

    With d = c − Aᵀy for any y, c·v = d·v ≤ Σ max(d, 0) upper + min(d, 0) lower. Values that reach one such limit are
    optimal, whoever found the limit: what is proven does not depend on what was solved before, only its cost does.

    Args:
        objective: c, shape `[columns]`.
    """

    def __init__(self, objective: np.ndarray) -> None:
        self._objective = objective
        self._known: PerThread[OrderedDict[bytes, np.ndarray]] = PerThread(OrderedDict)

    def add(self, reduced_costs: np.ndarray) -> None:
        """Keep the d of an optimum, shape `[columns]`."""
        known = self._known.get()
        key = (reduced_costs.round(9) + 0.0).tobytes()
        known[key] = reduced_costs
        known.move_to_end(key)
        if len(known) > MOST:
            known.popitem(last=False)

    def reached(self, lower: np.ndarray, upper: np.ndarray, values: np.ndarray) -> np.ndarray:
        """Return which values are proven to have the largest objective, boolean, shape `[programs]`.

        Args:
            lower: Lower bounds, shape `[programs, columns]`.
            upper: Upper bounds, the same shape.
            values: Values within them, the same shape.
        """
        proven = np.zeros(len(values), dtype=bool)
        reached = values @ self._objective
        close = CLOSE[0] + CLOSE[1] * np.abs(reached)
        for costs in reversed(list(self._known.get().values())):
            left = np.flatnonzero(~proven)
            if not len(left):
                break
            proven[left] = np.abs(self._ceiling(costs, lower[left], upper[left]) - reached[left]) <= close[left]
        return proven

    def _ceiling(self, costs: np.ndarray, lower: np.ndarray, upper: np.ndarray) -> np.ndarray:
        at = np.flatnonzero(costs)
        d, bound = costs[at], np.where(costs[at] > 0, upper[:, at], lower[:, at])
        bound[np.isinf(bound) & (np.abs(d) <= ROUNDING)] = 0.0
        ceiling: np.ndarray = bound @ d
        return ceiling
