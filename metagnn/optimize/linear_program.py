"""A linear program that is built once and solved for many bounds, each from the last optimum."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import highspy
import numpy as np
import scipy.sparse

from metagnn.errors import InputError

OPTIMAL, INFEASIBLE, UNBOUNDED = "optimal", "infeasible", "unbounded"

REFACTOR = 1e-10
"""Violation of a row or bound above which an optimum is recomputed from its basis."""

SENSES = {"max": highspy.ObjSense.kMaximize, "min": highspy.ObjSense.kMinimize}


@dataclass(frozen=True, eq=False)
class LinearSolution:
    """What the solver says about one set of bounds; a failure is data, not an exception.

    Attributes:
        status: "optimal", "infeasible", "unbounded", or "failed: " and the reason.
        objective: Optimal value; NaN unless optimal.
        values: Optimal v, shape `[columns]`; NaN unless optimal.
        reduced_costs: d = c − Aᵀy, shape `[columns]`; NaN unless optimal. Where d is not zero, v sits at a bound
            in every optimum: for "max" at the upper one where d > 0.
        ray: Where infeasible, and the solver has one: multipliers y, shape `[rows]`, that prove it.
    """

    status: str
    objective: float
    values: np.ndarray
    reduced_costs: np.ndarray
    ray: np.ndarray | None = None


class LinearProgram:
    """Maximise (or minimise) c·v subject to row bounds on A v and lower ≤ v ≤ upper, for many bounds.

    One HiGHS model stays in memory: `solve` changes its bounds in place and starts from the last optimal basis,
    which is five to ten times faster than a new model. Single-threaded and seeded, hence repeatable; but where
    optima are not unique, the one returned depends on what was solved before.

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
        columns = scipy.sparse.csc_array(matrix, dtype=np.float64)
        self.shape = columns.shape
        if sense not in SENSES:
            raise InputError(f"`sense` is {sense!r}; expected 'max' or 'min'")
        self._objective = np.asarray(objective, dtype=np.float64)
        self._lower = np.full(self.shape[1], np.nan)
        self._upper = np.full(self.shape[1], np.nan)
        rows = [np.zeros(self.shape[0]) if r is None else np.asarray(r, np.float64) for r in (row_lower, row_upper)]
        for name, array, size in (
            ("objective", self._objective, self.shape[1]),
            ("row_lower", rows[0], self.shape[0]),
            ("row_upper", rows[1], self.shape[0]),
        ):
            if array.shape != (size,):
                raise InputError(f"`{name}` has shape {array.shape}; expected ({size},)")
        self._columns, self._row_bounds = columns, (rows[0], rows[1])
        self._solver: Any = _new_solver()
        self._solver.passModel(_model(columns, self._objective, SENSES[sense], rows[0], rows[1]))

    def set_objective(self, objective: np.ndarray) -> None:
        """Replace c, shape `[columns]`. The basis stays, but an optimum of another objective is a poor start."""
        self._objective = np.array(objective, dtype=np.float64)
        self._pass_costs(self._objective)

    def solve(self, lower: np.ndarray, upper: np.ndarray) -> LinearSolution:
        """The optimum for these bounds, each of shape `[columns]`; infinite where there is none."""
        self._pass_bounds(np.asarray(lower, dtype=np.float64), np.asarray(upper, dtype=np.float64))
        if np.any(self._lower > self._upper):
            return self._without_values(INFEASIBLE)
        status = self._run()
        if status != OPTIMAL:
            # A basis inherited from another medium can mislead the solver: nothing but an optimum is believed
            # before a second run from scratch says the same. Infeasible media are few, so this costs little.
            self._solver.clearSolver()
            status = self._run()
        if status == OPTIMAL:
            found = self._optimum()
            if self._violation(found.values) < REFACTOR:
                return found
            # Factors that were updated over many media lose digits, though the basis is right. Factored anew, it
            # gives the same vertex to round-off.
            self._solver.setBasis(self._solver.getBasis())
            status = self._run()
            return self._optimum() if status == OPTIMAL else found
        ray = self._farkas_ray() if status == INFEASIBLE else None
        self._solver.clearSolver()
        return self._without_values(status, ray)

    def shadow_prices(self) -> np.ndarray:
        """Multipliers y of the rows at the last optimum, shape `[rows]`: what a unit more of each row's bound is worth.

        Asked for separately, because most programs are solved for their optimum alone. Where an optimum is
        degenerate there are many; this is one of them.
        """
        return np.array(self._solver.getSolution().row_dual)

    def held_columns(self) -> np.ndarray:
        """Whether each column is outside the basis of the last optimum, boolean, shape `[columns]`."""
        _, basic = self._solver.getBasicVariables()
        held = np.ones(self.shape[1], dtype=bool)
        held[basic[basic >= 0]] = False
        return held

    def slopes(self, columns: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """How the last optimum follows the bounds of held columns while its basis stays.

        Args:
            columns: Held columns.

        Returns:
            Those of the columns whose bound can move without breaking a row, and what a unit of each adds to every
            column, shape `[movable, columns]`.
        """
        _, basic = self._solver.getBasicVariables()
        structural = basic >= 0
        slopes, movable = np.zeros((len(columns), self.shape[1])), np.zeros(len(columns), dtype=bool)
        for row, column in enumerate(columns):
            reduced = self._solver.getReducedColumn(int(column))[1]
            slopes[row, column] = 1.0
            slopes[row, basic[structural]] = -reduced[structural]
            # A row whose own variable is basic has no column to make up for the change.
            movable[row] = np.abs(reduced[~structural]).max(initial=0.0) < REFACTOR
        return columns[movable], slopes[movable]

    def _optimum(self) -> LinearSolution:
        solution = self._solver.getSolution()
        return LinearSolution(
            OPTIMAL,
            float(self._solver.getInfo().objective_function_value),
            np.array(solution.col_value),
            np.array(solution.col_dual),
        )

    def _violation(self, values: np.ndarray) -> float:
        activity = self._columns @ values
        gaps = (self._row_bounds[0] - activity, activity - self._row_bounds[1], self._lower - values)
        return float(max(gap.max(initial=0.0) for gap in (*gaps, values - self._upper)))

    def _without_values(self, status: str, ray: np.ndarray | None = None) -> LinearSolution:
        nothing = np.full(self.shape[1], np.nan)
        return LinearSolution(status, float("nan"), nothing, nothing, ray)

    def _pass_bounds(self, lower: np.ndarray, upper: np.ndarray) -> None:
        if lower.shape != (self.shape[1],) or upper.shape != (self.shape[1],):
            raise InputError(f"bounds have shapes {lower.shape} and {upper.shape}; expected ({self.shape[1]},) each")
        changed = np.flatnonzero(~((lower == self._lower) & (upper == self._upper))).astype(np.int32)
        if len(changed):
            self._solver.changeColsBounds(len(changed), changed, lower[changed], upper[changed])
        self._lower, self._upper = lower.copy(), upper.copy()

    def _pass_costs(self, costs: np.ndarray) -> None:
        self._solver.changeColsCost(len(costs), np.arange(len(costs), dtype=np.int32), costs)

    def _run(self) -> str:
        self._solver.run()
        status = self._solver.getModelStatus()
        if status == highspy.HighsModelStatus.kUnboundedOrInfeasible:
            # Without an objective nothing is unbounded, so this tells the two apart.
            self._pass_costs(np.zeros(self.shape[1]))
            self._solver.run()
            feasible = self._solver.getModelStatus() == highspy.HighsModelStatus.kOptimal
            self._pass_costs(self._objective)
            return UNBOUNDED if feasible else INFEASIBLE
        known = {
            highspy.HighsModelStatus.kOptimal: OPTIMAL,
            highspy.HighsModelStatus.kInfeasible: INFEASIBLE,
            highspy.HighsModelStatus.kUnbounded: UNBOUNDED,
        }
        return known.get(status) or f"failed: {self._solver.modelStatusToString(status)}"

    def _farkas_ray(self) -> np.ndarray | None:
        _, found, ray = self._solver.getDualRay()
        return np.array(ray) if found else None


class _QuietHighs(highspy.Highs):
    """HiGHS that prints nothing, from its first call on.

    highspy enables callbacks while it is constructed, and HiGHS 1.16 takes that for a first call to announce itself
    at: an option that is set afterwards comes too late.
    """

    def enableCallbacks(self) -> None:
        self.setOptionValue("output_flag", False)
        super().enableCallbacks()


def _new_solver() -> highspy.Highs:
    solver = _QuietHighs()
    options: dict[str, Any] = {
        # Again, for versions of highspy whose constructor enables nothing.
        "output_flag": False,
        "threads": 1,
        "random_seed": 0,
        "solver": "simplex",
        # Presolve would throw the basis away.
        "presolve": "off",
        "primal_feasibility_tolerance": 1e-9,
        "dual_feasibility_tolerance": 1e-9,
    }
    for name, value in options.items():
        solver.setOptionValue(name, value)
    return solver


def _model(columns: Any, objective: np.ndarray, sense: Any, lower: np.ndarray, upper: np.ndarray) -> highspy.HighsLp:
    model = highspy.HighsLp()
    model.num_row_, model.num_col_ = columns.shape
    model.sense_ = sense
    model.col_cost_ = objective
    model.col_lower_ = np.zeros(columns.shape[1])
    model.col_upper_ = np.zeros(columns.shape[1])
    model.row_lower_, model.row_upper_ = lower, upper
    model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    model.a_matrix_.start_ = columns.indptr
    model.a_matrix_.index_ = columns.indices
    model.a_matrix_.value_ = columns.data
    return model
