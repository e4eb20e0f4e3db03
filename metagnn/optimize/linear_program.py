"""A linear program built once and solved for many bounds, each time from the last optimum."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import scipy.sparse

from metagnn.errors import InputError
from metagnn.optimize.per_thread import PerThread
from metagnn.optimize.simplex import INFEASIBLE as INFEASIBLE
from metagnn.optimize.simplex import OPTIMAL as OPTIMAL
from metagnn.optimize.simplex import SENSES, Simplex
from metagnn.optimize.simplex import UNBOUNDED as UNBOUNDED
from metagnn.optimize.simplex import LinearSolution as LinearSolution


class LinearProgram:
    """Linear program: maximise (or minimise) c·v subject to row bounds on A v and lower ≤ v ≤ upper.

    Each thread keeps one HiGHS model: `solve` changes its bounds in place and starts from the last optimal basis, which
    is five to ten times faster than a new model. Copies and pickles hold the program without the models.

    Single-threaded and seeded, hence repeatable. Earlier solves change the status and the optimal value by rounding
    only. If optima are not unique, earlier solves decide which one is returned, with its reduced costs and shadow
    prices; after `restart` all results depend on the arguments alone.

    Args:
        matrix: A, shape `[rows, columns]`, scipy sparse or dense.
        objective: c, shape `[columns]`.
        sense: "max" or "min".
        row_lower: Lower bounds of A v, shape `[rows]`; zero if not given.
        row_upper: Upper bounds of A v, shape `[rows]`; zero if not given.
        primal: Whether to solve for another objective by the primal simplex, to which the last optimum is a feasible
            start: up to twenty times as fast at genome scale.

    Raises:
        InputError: Shapes do not fit, or the sense is unknown.

    >>> program = LinearProgram([[1.0, -1.0]], objective=[0.0, 1.0])
    >>> program.solve(np.zeros(2), np.array([3.0, 10.0])).objective
    3.0
    """

    def __init__(
        self,
        matrix: Any,
        objective: Any,
        sense: str = "max",
        row_lower: np.ndarray | None = None,
        row_upper: np.ndarray | None = None,
        primal: bool = False,
    ) -> None:
        # Copy: threads read these arrays later.
        columns = scipy.sparse.csc_array(matrix, dtype=np.float64, copy=True)
        self.shape = columns.shape
        if sense not in SENSES:
            raise InputError(f"`sense` is {sense!r}; expected 'max' or 'min'")
        costs = np.array(objective, dtype=np.float64)
        rows = [np.zeros(self.shape[0]) if r is None else np.array(r, np.float64) for r in (row_lower, row_upper)]
        for name, array, size in (
            ("objective", costs, self.shape[1]),
            ("row_lower", rows[0], self.shape[0]),
            ("row_upper", rows[1], self.shape[0]),
        ):
            if array.shape != (size,):
                raise InputError(f"`{name}` has shape {array.shape}; expected ({size},)")
        self._anchor: tuple[np.ndarray, np.ndarray] | None = None
        self._simplex = PerThread(functools.partial(Simplex, columns, costs, sense, (rows[0], rows[1]), primal))

    def solve(self, lower: np.ndarray, upper: np.ndarray, objective: np.ndarray | None = None) -> LinearSolution:
        """Return the optimum.

        Args:
            lower: Lower bounds, shape `[columns]`; −inf where there is none.
            upper: Upper bounds, shape `[columns]`; inf where there is none.
            objective: Another c for this solve only. The basis is kept, though it is a poor start for another
                objective.
        """
        simplex = self._simplex.get()
        if self._anchor is not None and not simplex.is_anchored:
            simplex.anchor(*self._anchor)
        return simplex.solve(lower, upper, objective)

    def restart(self) -> None:
        """Discard this thread's basis, so that earlier solves do not affect the next one.

        The next solve then takes five to ten times as long.
        """
        self._simplex.get().restart()

    def anchor(self, lower: np.ndarray, upper: np.ndarray) -> None:
        """Start every solve from the optimal basis at these bounds instead of the last one.

        Results then depend on these bounds and the arguments alone, to the last digit. Where bounds differ at random,
        it takes no longer. If there is no optimum at these bounds, every solve starts anew.

        Args:
            lower: Lower bounds, shape `[columns]`.
            upper: Upper bounds, shape `[columns]`.
        """
        self._anchor = lower.copy(), upper.copy()

    def shadow_prices(self) -> np.ndarray:
        """Return the multipliers y of the rows at this thread's last optimum, shape `[rows]`.

        A multiplier is the gain in the objective per unit of the row's bound. A degenerate optimum has many; this is
        one.
        """
        return self._simplex.get().shadow_prices()

    def other_reduced_costs(self, objective: np.ndarray) -> np.ndarray:
        """Return the reduced costs of another objective in the basis of this thread's last optimum, `[columns]`.

        With the right signs, they prove that optimum for the other objective too.
        """
        return self._simplex.get().other_reduced_costs(objective)

    def held_columns(self) -> np.ndarray:
        """Return the columns outside the basis of this thread's last optimum, boolean, shape `[columns]`."""
        return self._simplex.get().held_columns()

    def directions(self, columns: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return how the point moves with held columns of this thread's last optimum.

        Args:
            columns: Held columns.

        Returns:
            All columns that move, the held ones first, −1 for a row; and their change per unit of each held one, shape
            `[held, moving]`.
        """
        return self._simplex.get().directions(columns)

    def slopes(self, columns: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return how this thread's last optimum moves with the bounds of held columns while its basis stays optimal.

        Args:
            columns: Held columns.

        Returns:
            The columns whose bound can move without breaking a row, and the change of every column per unit of each,
            shape `[movable, columns]`.
        """
        return self._simplex.get().slopes(columns)
