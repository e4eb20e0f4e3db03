"""Decide which media have a feasible flux, for many rows at once and mostly without a solver."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import scipy.sparse

from metagnn.errors import InputError
from metagnn.fba.open_rows import TOLERANCE, OpenRows
from metagnn.network.network_like import NetworkLike, as_network
from metagnn.optimize.linear_program import INFEASIBLE, OPTIMAL, LinearProgram
from metagnn.optimize.per_thread import PerThread

MOST_KEPT = 256

ENLARGED = 1e3
"""Unit for solving doubtful rows: it makes the solver's tolerance a thousandth of the screen's."""


class FeasibilityScreen:
    """A test of many rows of bounds for a flux with S v = 0 that violates no bound by more than 1e-9 mmol/gDW/h.

    A row with a lower bound above its upper one has none, however small the difference.

    Every linear program yields a proof: a flux (any row whose bounds contain it is feasible), or Farkas multipliers y
    (any row where max yᵀS v < 0 over its bounds is infeasible). All rows are tested against the known proofs first. The
    others are solved for the flux that uses the bounds least, because it proves the most. After some hundred media few
    rows reach the solver.

    A verdict does not depend on earlier rows, the batch or the thread: only proofs that hold within the tolerance
    count, and a row on which solver and tolerance disagree is decided separately. Every thread learns its own proofs;
    copies and pickles start without any.

    Args:
        network: The network.
    """

    def __init__(self, network: NetworkLike) -> None:
        self.network = network = as_network(network)
        self._width = len(network.reactions)
        self._screen = PerThread(functools.partial(_Screen, network.stoichiometry.to_scipy().tocsc()))

    def feasible(self, lower: np.ndarray, upper: np.ndarray) -> np.ndarray:
        """Return whether each row has a flux, boolean, shape `[samples]`.

        Args:
            lower: Lower bounds, shape `[samples, reactions]` [mmol/gDW/h].
            upper: Upper bounds, shape `[samples, reactions]` [mmol/gDW/h].

        Raises:
            InputError: The bounds have another shape, or the solver could not decide.
        """
        if lower.ndim != 2 or lower.shape != upper.shape or lower.shape[1] != self._width:
            raise InputError(
                f"bounds have shapes {lower.shape} and {upper.shape}; expected [samples, {self._width}] each"
            )
        return self._screen.get().feasible(lower, upper) if len(lower) else np.zeros(0, dtype=bool)


class _Screen:
    """The proofs and linear programs of one thread."""

    def __init__(self, matrix: scipy.sparse.csc_array) -> None:
        self._matrix = matrix
        self._fluxes: list[np.ndarray] = []
        self._flux_uses: list[int] = []
        self._certificates: list[np.ndarray] = []
        self._program: LinearProgram | None = None
        self._program_for: tuple[bytes, bytes] = (b"", b"")

    def feasible(self, lower: np.ndarray, upper: np.ndarray) -> np.ndarray:
        """See `FeasibilityScreen.feasible`."""
        answer = np.zeros(len(lower), dtype=bool)
        open_rows = OpenRows(lower, upper)
        open_rows.remove(open_rows.empty())
        for index in np.argsort(self._flux_uses)[::-1]:
            self._try_flux(int(index), open_rows, answer)
        for certificate in self._certificates:
            open_rows.remove(open_rows.refuted(certificate))
        while len(open_rows.rows):
            row = int(open_rows.rows[0])
            self._prove(row, open_rows, (lower[row], upper[row]), answer)
            if row in open_rows.rows[:1]:
                answer[row] = self._within_tolerance(row, lower[row], upper[row])
                open_rows.remove(open_rows.rows == row)
        self._forget()
        return answer

    def _try_flux(self, index: int, open_rows: OpenRows, answer: np.ndarray) -> None:
        inside = open_rows.contains(self._fluxes[index])
        answer[open_rows.rows[inside]] = True
        self._flux_uses[index] += int(inside.sum())
        open_rows.remove(inside)

    def _prove(self, row: int, open_rows: OpenRows, bounds: tuple[np.ndarray, np.ndarray], answer: np.ndarray) -> None:
        """Solve the first open row and apply its proof to all."""
        lower, upper = bounds
        program = self._least_use(open_rows)
        solution = program.solve(np.append(lower, open_rows.extra_lower), np.append(upper, open_rows.extra_upper))
        flux = solution.values[: len(lower)]
        if solution.status == OPTIMAL and np.abs(self._matrix @ flux).max(initial=0.0) <= TOLERANCE:
            self._fluxes.append(flux)
            self._flux_uses.append(0)
            self._try_flux(len(self._fluxes) - 1, open_rows, answer)
        elif solution.status == INFEASIBLE and solution.ray is not None:
            combination = self._matrix.T @ solution.ray[: self._matrix.shape[0]]
            size = np.abs(combination).max(initial=0.0)
            for sign in (1.0, -1.0) if size > 0 else ():
                certificate = sign * combination / size
                refuted = open_rows.refuted(certificate)
                if row in open_rows.rows[refuted]:
                    self._certificates.append(certificate)
                    open_rows.remove(refuted)

    def _within_tolerance(self, row: int, lower: np.ndarray, upper: np.ndarray) -> bool:
        """Decide a row that its own proof misses by rounding, with a solver that has seen no other row."""
        program = LinearProgram(self._matrix, np.zeros(len(lower)))
        status = program.solve(ENLARGED * (lower - TOLERANCE), ENLARGED * (upper + TOLERANCE)).status
        if status not in (OPTIMAL, INFEASIBLE):
            raise InputError(f"the solver could not decide whether row {row} is feasible ({status})")
        return status == OPTIMAL

    def _least_use(self, open_rows: OpenRows) -> LinearProgram:
        """Return the program that uses moving bounds least.

        For each moving lower bound, v + s − p = 0 with s ≥ 0 and p at least the value nearest to zero that every row
        allows: s is the use of that bound by v. Upper bounds likewise, with opposite signs.
        """
        low, high = open_rows.moves_low, open_rows.moves_high
        key = (low.tobytes(), high.tobytes())
        if self._program is None or self._program_for != key:
            count, width = len(low) + len(high), self._matrix.shape[1]
            matrix: Any = self._matrix
            if count:
                entries = (np.ones(count), (np.arange(count), np.concatenate([low, high])))
                pick = scipy.sparse.csr_array(entries, shape=(count, width))
                sign = scipy.sparse.diags_array(np.repeat([1.0, -1.0], [len(low), len(high)]))
                matrix = scipy.sparse.block_array([[matrix, None, None], [pick, sign, -scipy.sparse.eye_array(count)]])
            objective = np.concatenate([np.zeros(width), open_rows.costs, np.zeros(count)])
            self._program, self._program_for = LinearProgram(matrix, objective, sense="min"), key
        return self._program

    def _forget(self) -> None:
        """Keep the proofs that decided the most, to bound memory and time per row."""
        if len(self._fluxes) > MOST_KEPT:
            kept = np.argsort(self._flux_uses)[::-1][:MOST_KEPT]
            self._fluxes = [self._fluxes[index] for index in kept]
            self._flux_uses = [self._flux_uses[index] for index in kept]
        del self._certificates[:-MOST_KEPT]
