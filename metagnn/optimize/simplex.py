"""A linear program of one thread: a HiGHS model whose bounds change in place."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import highspy
import numpy as np

from metagnn.errors import InputError

OPTIMAL, INFEASIBLE, UNBOUNDED = "optimal", "infeasible", "unbounded"

REFACTOR = 1e-10
"""Recompute an optimum from its basis above this violation of a row or bound."""

MOST_PRIMAL_STEPS = 20_000
"""Steps after which the primal simplex gives way to the dual one, which starts anew: it can wander for minutes where
coefficients spread over twenty decades."""

CLEAR, MAGNIFIED = 1e-6, 2.0**20
"""Bounds that a proof misses by less than this are solved again, multiplied by the factor: the solver's tolerance is
then a millionth of what it was. A power of two changes no digit."""

SMALLEST = 1e-12
"""Smaller changes of a column per unit of another are rounding."""

DUAL, PRIMAL = 1, 4
"""Simplex strategies of HiGHS."""

CHOSEN, DEVEX = -1, 1
"""Strategies of HiGHS for the weights of the rows: its own choice, and approximate weights."""

SENSES = {"max": highspy.ObjSense.kMaximize, "min": highspy.ObjSense.kMinimize}


@dataclass(frozen=True, eq=False)
class LinearSolution:
    """The solver's result for one set of bounds; a failure is a status, not an exception.

    Attributes:
        status: "optimal", "infeasible", "unbounded", or "failed: " and the reason.
        objective: Optimal value; NaN unless optimal.
        values: Optimal v, shape `[columns]`; NaN unless optimal.
        reduced_costs: d = c − Aᵀy, shape `[columns]`; NaN unless optimal. Where d is not zero, v is at a bound in every
            optimum: for "max" at the upper one if d > 0.
        ray: Multipliers y, shape `[rows]`, that prove infeasibility; None if feasible or if the solver has none.
    """

    status: str
    objective: float
    values: np.ndarray
    reduced_costs: np.ndarray
    ray: np.ndarray | None = None


class Simplex:
    """One HiGHS model in memory (Huangfu & Hall 2018, doi 10.1007/s12532-017-0130-5); `LinearProgram` makes it.

    It changes with every call, so threads must not share it, and it cannot be copied.

    Args:
        columns: A, shape `[rows, columns]`, scipy CSC.
        objective: c, shape `[columns]`.
        sense: "max" or "min".
        row_bounds: Lower and upper bounds of A v, each of shape `[rows]`.
        primal: Whether to solve for another objective by the primal simplex.
    """

    def __init__(
        self,
        columns: Any,
        objective: np.ndarray,
        sense: str,
        row_bounds: tuple[np.ndarray, np.ndarray],
        primal: bool = False,
    ) -> None:
        self.shape = columns.shape
        self._columns, self._row_bounds = columns, row_bounds
        self._objective = self._costs = objective
        self._primal, self._started = primal, False
        self.is_anchored, self._anchor = False, None
        self._lower = np.full(self.shape[1], np.nan)
        self._upper = np.full(self.shape[1], np.nan)
        self._solver: Any = _new_solver()
        self._solver.passModel(_model(columns, objective, SENSES[sense], *row_bounds))

    def solve(self, lower: np.ndarray, upper: np.ndarray, objective: np.ndarray | None = None) -> LinearSolution:
        """Return the optimum; arguments as for `LinearProgram.solve`."""
        costs = self._objective if objective is None else np.array(objective, dtype=np.float64)
        changed = not np.array_equal(costs, self._costs)
        if changed:
            self._pass_costs(costs)
        self._costs = costs
        if self._primal and changed and self._started:
            self._solver.setOptionValue("simplex_strategy", PRIMAL)
            self._solver.setOptionValue("simplex_iteration_limit", MOST_PRIMAL_STEPS)
        else:
            self._run_dual()
        if self.is_anchored:
            self._to_anchor()
        self._pass_bounds(np.asarray(lower, dtype=np.float64), np.asarray(upper, dtype=np.float64))
        if np.any(self._lower > self._upper):
            return self._without_values(INFEASIBLE)
        status = self._run()
        if status != OPTIMAL:
            # A basis from another medium can mislead the solver: confirm any status but optimal by a run from scratch.
            # Infeasible media are few, so this costs little.
            self._run_dual()
            self._from_scratch()
            status = self._run()
        ray = self._farkas_ray() if status == INFEASIBLE else None
        if status == INFEASIBLE and not self._is_clear(ray):
            status, magnified = self._magnified()
            if magnified is not None:
                return magnified
        self._started = status == OPTIMAL
        if status == OPTIMAL:
            found = self._optimum()
            if self._violation(found.values) < REFACTOR:
                return found
            # Factors updated over many media lose digits, though the basis is right. Refactoring gives the same vertex
            # to round-off.
            self._solver.setBasis(self._solver.getBasis())
            status = self._run()
            return self._optimum() if status == OPTIMAL else found
        self._solver.clearSolver()
        return self._without_values(status, ray)

    def restart(self) -> None:
        """Forget the last optimum."""
        self._started = False
        self._solver.clearSolver()

    def anchor(self, lower: np.ndarray, upper: np.ndarray) -> None:
        """See `LinearProgram.anchor`."""
        self.restart()
        self.solve(lower, upper)
        self.is_anchored, self._anchor = True, self._solver.getBasis() if self._started else None

    def _to_anchor(self) -> None:
        self._from_scratch()
        if self._anchor is not None:
            # The exact weights of the dual steepest edge cost one solve per row, more than the few steps from here.
            self._solver.setOptionValue("simplex_dual_edge_weight_strategy", DEVEX)
            self._solver.setBasis(self._anchor)

    def _from_scratch(self) -> None:
        self._solver.clearSolver()
        if self._anchor is not None:
            self._solver.setOptionValue("simplex_dual_edge_weight_strategy", CHOSEN)

    def shadow_prices(self) -> np.ndarray:
        """See `LinearProgram.shadow_prices`."""
        return np.array(self._solver.getSolution().row_dual)

    def other_reduced_costs(self, objective: np.ndarray) -> np.ndarray:
        """See `LinearProgram.other_reduced_costs`."""
        _, basic = self._solver.getBasicVariables()
        costs = np.where(basic >= 0, objective[basic], 0.0)
        reduced: np.ndarray = objective - self._columns.T @ self._solver.getBasisTransposeSolve(costs)[1]
        reduced[basic[basic >= 0]] = 0.0
        return reduced

    def held_columns(self) -> np.ndarray:
        """See `LinearProgram.held_columns`."""
        _, basic = self._solver.getBasicVariables()
        held = np.ones(self.shape[1], dtype=bool)
        held[basic[basic >= 0]] = False
        return held

    def slopes(self, columns: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """See `LinearProgram.slopes`."""
        _, basic = self._solver.getBasicVariables()
        structural = basic >= 0
        slopes, movable = np.zeros((len(columns), self.shape[1])), np.zeros(len(columns), dtype=bool)
        for row, column in enumerate(columns):
            reduced = self._solver.getReducedColumn(int(column))[1]
            slopes[row, column] = 1.0
            slopes[row, basic[structural]] = -reduced[structural]
            # If a row's slack is basic, no column can absorb the change.
            movable[row] = np.abs(reduced[~structural]).max(initial=0.0) < REFACTOR
        return columns[movable], slopes[movable]

    def directions(self, columns: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """See `LinearProgram.directions`."""
        _, basic = self._solver.getBasicVariables()
        change = np.array([self._solver.getReducedColumn(int(column))[1] for column in columns])
        change = change.reshape(len(columns), len(basic))
        moved = (np.abs(change) > SMALLEST).any(axis=0)
        moving = np.concatenate([columns, np.maximum(basic[moved], -1)])
        return moving, np.hstack([np.eye(len(columns)), -change[:, moved]])

    def _is_clear(self, ray: np.ndarray | None) -> bool:
        """Return whether multipliers of the rows prove infeasibility by a margin."""
        if np.any(self._row_bounds):
            return True
        if ray is None:
            return False
        price = self._columns.T @ ray
        price /= max(np.abs(price).max(initial=0.0), 1e-300)
        price[np.abs(price) < SMALLEST] = 0.0
        at = np.flatnonzero(price)
        lower, upper, price = self._lower[at], self._upper[at], price[at]
        most, least = price @ np.where(price > 0, upper, lower), price @ np.where(price > 0, lower, upper)
        return bool(most < -CLEAR or least > CLEAR)

    def _magnified(self) -> tuple[str, LinearSolution | None]:
        """Solve the same program with a finer tolerance; return the status and the optimum, None if there is none."""
        self._from_scratch()
        self._pass_bounds(MAGNIFIED * self._lower, MAGNIFIED * self._upper)
        status = self._run()
        self._started = status == OPTIMAL
        if status != OPTIMAL:
            return status, None
        found = self._optimum()
        return status, replace(found, objective=found.objective / MAGNIFIED, values=found.values / MAGNIFIED)

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
        if costs.shape != (self.shape[1],):
            raise InputError(f"`objective` has shape {costs.shape}; expected ({self.shape[1]},)")
        self._solver.changeColsCost(len(costs), np.arange(len(costs), dtype=np.int32), costs)

    def _run_dual(self) -> None:
        self._solver.setOptionValue("simplex_strategy", DUAL)
        self._solver.setOptionValue("simplex_iteration_limit", highspy.kHighsIInf)

    def _run(self) -> str:
        self._solver.run()
        status = self._solver.getModelStatus()
        if status == highspy.HighsModelStatus.kUnboundedOrInfeasible:
            # Without an objective nothing is unbounded: this separates infeasible from unbounded.
            self._pass_costs(np.zeros(self.shape[1]))
            self._solver.run()
            feasible = self._solver.getModelStatus() == highspy.HighsModelStatus.kOptimal
            self._pass_costs(self._costs)
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
    """HiGHS that prints nothing, from construction on.

    The constructor of highspy enables callbacks, and HiGHS 1.16 prints its banner then: options set later come too
    late.
    """

    def enableCallbacks(self) -> None:
        self.setOptionValue("output_flag", False)
        super().enableCallbacks()


def _new_solver() -> highspy.Highs:
    solver = _QuietHighs()
    options: dict[str, Any] = {
        # Set again for versions of highspy whose constructor enables no callbacks.
        "output_flag": False,
        "threads": 1,
        "random_seed": 0,
        "solver": "simplex",
        # Presolve would discard the basis.
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
