"""Interior-point solution of a quadratic program, to find its active bounds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import piqp
import scipy.sparse

from metagnn.optimize.per_thread import PerThread

MOST_STEPS = 500
"""Steps after which the solver gives up."""


@dataclass(frozen=True, eq=False)
class InteriorSolution:
    """A solution within the tolerance of the solver.

    Attributes:
        values: v, shape `[columns]`.
        multipliers: y of the rows, shape `[rows]`; w v − t − Aᵀy = 0 where no bound is active.
        side: −1 where the lower bound is active, 1 where the upper one is, else 0, shape `[columns]`.
    """

    values: np.ndarray
    multipliers: np.ndarray
    side: np.ndarray


@dataclass
class _Prepared:
    """State of one thread: a solver, its current weights, and the status and last iterate of its last problem."""

    solver: Any = None
    weights: np.ndarray = field(default_factory=lambda: np.zeros(0))
    status: str = ""
    unfinished: InteriorSolution | None = None


class InteriorPoint:
    """Interior-point solver: minimise ½ vᵀ diag(w) v − t·v subject to A v = b and lower ≤ v ≤ upper.

    A v = b holds to 1e-9 and the minimum to 1e-7, so a value whose bound is barely active is off by about 1e-6.

    PIQP (Schwan et al. 2023, doi 10.1109/CDC49753.2023.10383915) analyses the matrix once; later problems skip that
    third of the time on a genome-scale network. Every thread has its own solver; copies and pickles start without one.
    Earlier problems change values by rounding (1e-13) unless `restart` is called.

    Args:
        matrix: A, shape `[rows, columns]`, scipy sparse.
        proof: Tolerance at which a certificate of infeasibility ends the search.
        exact: Whether to meet the minimum to 1e-13 instead of 1e-7 (a value whose bound is barely active is off by the
            square root of that). Takes a third more steps.
        scalings: Rounds of scaling before a solve. Two instead of ten save a quarter of the steps on iJO1366. With
            weights of very different sizes, some problems converge only with few rounds, others only with many.
    """

    def __init__(self, matrix: Any, proof: float = 1e-4, exact: bool = False, scalings: int = 10) -> None:
        self._matrix = scipy.sparse.csc_matrix(matrix)
        self._proof, self._exact, self._scalings = proof, exact, scalings
        self._prepared = PerThread(_Prepared)

    @property
    def status(self) -> str:
        """PIQP's status of this thread's last problem."""
        return self._prepared.get().status

    @property
    def unfinished(self) -> InteriorSolution | None:
        """The last iterate of this thread's last problem, if the solver ran out of steps."""
        return self._prepared.get().unfinished

    def restart(self) -> None:
        """Discard this thread's solver, so that earlier problems do not affect the next one."""
        self._prepared.get().solver = None

    def solve(
        self,
        weights: np.ndarray,
        target: np.ndarray,
        bounds: tuple[np.ndarray, np.ndarray],
        right: np.ndarray | None = None,
    ) -> InteriorSolution | None:
        """Return the optimum, or None if the solver found none; `status` then gives the reason.

        Args:
            weights: w ≥ 0, shape `[columns]`.
            target: t, shape `[columns]`.
            bounds: Lower and upper bounds; −inf and inf for none.
            right: b, shape `[rows]`; zero if not given.
        """
        lower, upper = bounds
        right = np.zeros(self._matrix.shape[0]) if right is None else right
        own = self._prepared.get()
        changed = own.solver is None or not np.array_equal(weights, own.weights)
        quadratic = scipy.sparse.csc_matrix(scipy.sparse.diags_array(weights)) if changed else None
        if own.solver is None:
            own.solver = self._new_solver()
            own.solver.setup(quadratic, -target, self._matrix, right, None, None, None, lower, upper)
        elif changed:
            own.solver.update(P=quadratic, c=-target, b=right, x_l=lower, x_u=upper)
        else:
            own.solver.update(c=-target, b=right, x_l=lower, x_u=upper)
        own.weights = weights.copy()
        solved = own.solver.solve()
        own.status, own.unfinished = solved.name, None
        if solved not in (piqp.PIQP_SOLVED, piqp.PIQP_MAX_ITER_REACHED):
            # Do not reuse the state of a failed solve.
            own.solver = None
            return None
        result = own.solver.result
        # A bound is active where its multiplier exceeds the distance to it: their product is nearly zero.
        side = np.zeros(len(target), dtype=np.int8)
        side[result.x - lower < result.z_bl] = -1
        side[upper - result.x < result.z_bu] = 1
        found = InteriorSolution(result.x.copy(), -result.y, side)
        if solved != piqp.PIQP_SOLVED:
            own.solver, own.unfinished = None, found
            return None
        return found

    def _new_solver(self) -> Any:
        solver = piqp.SparseSolver()
        solver.settings.kkt_solver = piqp.KKTSolver.sparse_ldlt_ineq_cond
        solver.settings.eps_abs, solver.settings.eps_rel = 1e-9, 1e-10
        solver.settings.eps_duality_gap_abs, solver.settings.eps_duality_gap_rel = 1e-7, 1e-10
        if self._exact:
            solver.settings.eps_duality_gap_abs = solver.settings.eps_duality_gap_rel = 1e-13
            solver.settings.eps_rel = 1e-12
            # PIQP's default floor of regularisation, 1e-10, distorts barely active bounds. A wide start saves steps.
            solver.settings.reg_lower_limit, solver.settings.reg_finetune_lower_limit = 1e-13, 1e-14
            solver.settings.rho_init, solver.settings.delta_init = 1e-3, 1e-1
        solver.settings.preconditioner_iter = self._scalings
        solver.settings.max_iter = MOST_STEPS
        solver.settings.eps_primal_inf = self._proof
        return solver
