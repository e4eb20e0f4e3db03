"""A linear program that is built once and solved for many bounds, each from the last optimum."""

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
    """Maximise (or minimise) c·v subject to row bounds on A v and lower ≤ v ≤ upper, for many bounds.

    One HiGHS model a thread stays in memory: `solve` changes its bounds in place and starts from the last optimal
    basis, which is five to ten times faster than a new model. Copies and pickles hold the program without the models.

    Single-threaded and seeded, hence repeatable. The status and the optimal value do not depend on what was solved
    before, but for rounding. Where optima are not unique, the one returned does, and so do its reduced costs and
    shadow prices; after `restart` they depend on nothing but the arguments.

    Args:
        matrix: A, shape `[rows, columns]`, scipy sparse or dense.
        objective: c, shape `[columns]`.
        sense: "max" or "min".
        row_lower: Lower bounds of A v, shape `[rows]`; zero if not given.
        row_upper: Upper bounds of A v, shape `[rows]`; zero if not given.

    Raises:
        InputError: Shapes that do not fit, or an unknown sense.

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
    ) -> None:
        # Copies: threads read them later.
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
        self._simplex = PerThread(functools.partial(Simplex, columns, costs, sense, (rows[0], rows[1])))

    def solve(self, lower: np.ndarray, upper: np.ndarray, objective: np.ndarray | None = None) -> LinearSolution:
        """The optimum.

        Args:
            lower: Lower bounds, shape `[columns]`; −inf where there is none.
            upper: Upper bounds, shape `[columns]`; inf where there is none.
            objective: Another c for this one solve. The basis stays, but an optimum of another objective is a poor
                start.
        """
        return self._simplex.get().solve(lower, upper, objective)

    def restart(self) -> None:
        """Let the next solve of this thread start without a basis, so that nothing before it has a part in it.

        Costs five to ten times a solve that starts from the last optimum.
        """
        self._simplex.get().restart()

    def shadow_prices(self) -> np.ndarray:
        """Multipliers y of the rows at this thread's last optimum, shape `[rows]`.

        What a unit more of a row's bound is worth. Asked for separately, because most programs are solved for their
        optimum alone. Where an optimum is degenerate there are many; this is one of them.
        """
        return self._simplex.get().shadow_prices()

    def held_columns(self) -> np.ndarray:
        """Whether each column is outside the basis of this thread's last optimum, boolean, shape `[columns]`."""
        return self._simplex.get().held_columns()

    def slopes(self, columns: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """How this thread's last optimum follows the bounds of held columns while its basis stays.

        Args:
            columns: Held columns.

        Returns:
            Those of the columns whose bound can move without breaking a row, and what a unit of each adds to every
            column, shape `[movable, columns]`.
        """
        return self._simplex.get().slopes(columns)
