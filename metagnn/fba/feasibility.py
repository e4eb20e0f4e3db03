"""Which media any flux can satisfy at all: decided for many rows at once, without a solver for most."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse

from metagnn.errors import InputError
from metagnn.network.network_like import NetworkLike, as_network
from metagnn.optimize.linear_program import INFEASIBLE, OPTIMAL, LinearProgram

TOLERANCE = 1e-9
"""Violation of a bound that counts as none, as in the linear program [mmol/gDW/h]."""

MOST_KEPT = 256


class FeasibilityScreen:
    """Decides whether some flux has S v = 0 and lower ≤ v ≤ upper, exactly, for many rows of bounds.

    Every linear program that is solved leaves a proof behind: a flux (any row whose bounds contain it is
    feasible), or Farkas multipliers y (any row where max yᵀS v < 0 over its bounds is not). Proofs are tried on all
    rows first; rows that none decides are solved, for the flux that leaves the bounds as little used as can be, so
    that it proves the most. The screen learns: after some hundred media few rows reach the solver.

    Args:
        network: The network.
    """

    def __init__(self, network: NetworkLike) -> None:
        self.network = as_network(network)
        self._matrix = self.network.stoichiometry.to_scipy().tocsc()
        self._fluxes: list[np.ndarray] = []
        self._flux_uses: list[int] = []
        self._certificates: list[np.ndarray] = []
        self._program: LinearProgram | None = None
        self._program_for: tuple[bytes, bytes] = (b"", b"")

    def feasible(self, lower: np.ndarray, upper: np.ndarray) -> np.ndarray:
        """Whether each row has a flux, boolean, shape `[samples]`.

        Args:
            lower: Lower bounds, shape `[samples, reactions]` [mmol/gDW/h].
            upper: Upper bounds, shape `[samples, reactions]` [mmol/gDW/h].

        Raises:
            InputError: Bounds of another shape, or a solver that could not decide.
        """
        width = self._matrix.shape[1]
        if lower.ndim != 2 or lower.shape != upper.shape or lower.shape[1] != width:
            raise InputError(f"bounds have shapes {lower.shape} and {upper.shape}; expected [samples, {width}] each")
        answer = np.zeros(len(lower), dtype=bool)
        if not len(lower):
            return answer
        open_rows = _OpenRows(lower, upper)
        open_rows.remove(open_rows.empty())
        for index in np.argsort(self._flux_uses)[::-1]:
            self._try_flux(int(index), open_rows, answer)
        for certificate in self._certificates:
            open_rows.remove(open_rows.refuted(certificate))
        while len(open_rows.rows):
            row = int(open_rows.rows[0])
            known = len(self._certificates)
            status = self._solve(row, open_rows, lower, upper)
            if status == OPTIMAL:
                self._try_flux(len(self._fluxes) - 1, open_rows, answer)
            for certificate in self._certificates[known:]:
                open_rows.remove(open_rows.refuted(certificate))
            # Its own proof may miss a row by rounding; the solver has decided it all the same.
            answer[row] = status == OPTIMAL
            open_rows.remove(open_rows.rows == row)
        self._forget()
        return answer

    def _try_flux(self, index: int, open_rows: _OpenRows, answer: np.ndarray) -> None:
        inside = open_rows.contains(self._fluxes[index])
        answer[open_rows.rows[inside]] = True
        self._flux_uses[index] += int(inside.sum())
        open_rows.remove(inside)

    def _solve(self, row: int, open_rows: _OpenRows, lower: np.ndarray, upper: np.ndarray) -> str:
        """Decide one row by a linear program and keep its proof; the status is returned."""
        program = self._least_use(open_rows)
        solution = program.solve(
            np.append(lower[row], open_rows.extra_lower), np.append(upper[row], open_rows.extra_upper)
        )
        if solution.status == OPTIMAL:
            self._fluxes.append(solution.values[: lower.shape[1]])
            self._flux_uses.append(0)
        elif solution.status != INFEASIBLE:
            raise InputError(f"the solver could not decide whether row {row} is feasible ({solution.status})")
        elif solution.ray is not None:
            combination = self._matrix.T @ solution.ray[: self._matrix.shape[0]]
            size = np.abs(combination).max(initial=0.0)
            for sign in (1.0, -1.0) if size > 0 else ():
                certificate = sign * combination / size
                if _largest(certificate, lower[row][None], upper[row][None])[0] < 0:
                    self._certificates.append(certificate)
        return solution.status

    def _least_use(self, open_rows: _OpenRows) -> LinearProgram:
        """The program that leaves moving bounds as little used as it can.

        For each moving lower bound, v + s − p = 0 with s ≥ 0 and p at least the value nearest to zero that every
        row allows: s is what v uses of that bound. Upper bounds likewise, with the signs turned.
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
        """Keep the proofs that decided the most, so that memory and time a row stay bounded."""
        if len(self._fluxes) > MOST_KEPT:
            kept = np.argsort(self._flux_uses)[::-1][:MOST_KEPT]
            self._fluxes = [self._fluxes[index] for index in kept]
            self._flux_uses = [self._flux_uses[index] for index in kept]
        del self._certificates[:-MOST_KEPT]


class _OpenRows:
    """Rows that no proof has decided, with only the columns whose bounds differ between rows at hand.

    Attributes:
        rows: Positions of the undecided rows.
        moves_low: Columns whose lower bound differs between rows.
        moves_high: Columns whose upper bound differs between rows.
        extra_lower: Lower bounds of the extra columns of the least-use program.
        extra_upper: Their upper bounds.
        costs: Cost of each use: one over the bound's spread, so that all nutrients count alike.
    """

    def __init__(self, lower: np.ndarray, upper: np.ndarray) -> None:
        self.rows = np.arange(len(lower))
        self._first = lower[0], upper[0]
        self.moves_low = np.flatnonzero((lower != lower[0]).any(axis=0))
        self.moves_high = np.flatnonzero((upper != upper[0]).any(axis=0))
        self._low, self._high = lower[:, self.moves_low], upper[:, self.moves_high]
        self._fixed_low, self._fixed_high = lower[0] - TOLERANCE, upper[0] + TOLERANCE
        self._fixed_low[self.moves_low], self._fixed_high[self.moves_high] = -np.inf, np.inf
        spreads = np.concatenate([np.ptp(self._low, axis=0), np.ptp(self._high, axis=0)])
        self.costs = 1.0 / np.where(np.isfinite(spreads), spreads, 1.0)
        tight_low, tight_high = lower[0].copy(), upper[0].copy()
        tight_low[self.moves_low], tight_high[self.moves_high] = self._low.max(axis=0), self._high.min(axis=0)
        least = np.maximum(tight_low, np.minimum(0.0, tight_high))[self.moves_low]
        most = np.minimum(tight_high, np.maximum(0.0, tight_low))[self.moves_high]
        count = len(least) + len(most)
        self.extra_lower = np.concatenate([np.zeros(count), least, np.full(len(most), -np.inf)])
        self.extra_upper = np.concatenate([np.full(count + len(least), np.inf), most])

    def empty(self) -> np.ndarray:
        """Rows in which a lower bound exceeds its upper one."""
        both = np.union1d(self.moves_low, self.moves_high)
        low, high = (np.repeat(first[None, both], len(self.rows), axis=0) for first in self._first)
        low[:, np.searchsorted(both, self.moves_low)] = self._low
        high[:, np.searchsorted(both, self.moves_high)] = self._high
        crossed = np.ones(len(self._first[0]), dtype=bool)
        crossed[both] = False
        crossed &= self._first[0] > self._first[1]
        return np.asarray((low > high).any(axis=1) | crossed.any())

    def contains(self, flux: np.ndarray) -> np.ndarray:
        """Rows whose bounds contain a flux."""
        if not len(self.rows) or (flux < self._fixed_low).any() or (flux > self._fixed_high).any():
            return np.zeros(len(self.rows), dtype=bool)
        above = (self._low <= flux[self.moves_low] + TOLERANCE).all(axis=1)
        return np.asarray(above & (self._high >= flux[self.moves_high] - TOLERANCE).all(axis=1))

    def refuted(self, certificate: np.ndarray) -> np.ndarray:
        """Rows in which certificate·v < 0 for every v in the bounds, although S v = 0 makes it zero."""
        upward, downward = np.maximum(certificate, 0.0), np.minimum(certificate, 0.0)
        total = np.zeros(len(self.rows))
        for part, moves, moving, first in (
            (downward, self.moves_low, self._low, self._first[0]),
            (upward, self.moves_high, self._high, self._first[1]),
        ):
            # Zero entries are left out, because zero times an infinite bound is no number.
            used = part[moves] != 0
            total += moving[:, used] @ part[moves[used]]
            part[moves] = 0.0
            total += first[part != 0] @ part[part != 0]
        # A violation that the linear program would tolerate proves nothing.
        refuted: np.ndarray = total < -TOLERANCE * np.abs(certificate).sum()
        return refuted

    def remove(self, decided: np.ndarray) -> None:
        """Take decided rows out; `decided` is a mask over `rows`."""
        if decided.any():
            kept = ~decided
            self.rows, self._low, self._high = self.rows[kept], self._low[kept], self._high[kept]


def _largest(certificate: np.ndarray, lower: np.ndarray, upper: np.ndarray) -> np.ndarray:
    """Largest value of certificate·v over each row's bounds; a zero entry counts nothing even if unbounded."""
    used = certificate != 0
    best = np.where(certificate[used] > 0, upper[:, used], lower[:, used])
    total: np.ndarray = best @ certificate[used]
    return total
