"""Reduce a network by its bounds and single balances, without a factorisation."""

from __future__ import annotations

import numpy as np
import scipy.sparse

from metagnn.network.coupled_reactions import CoupledReactions

CANCELLED = 1e-12
"""A merged coefficient below this fraction of its two parts counts as zero."""


def reduce_network(matrix: scipy.sparse.sparray, lower: np.ndarray, upper: np.ndarray) -> CoupledReactions:
    """Remove reactions that bounds or dead ends block; merge pairs that a balance of two terms couples.

    A balance whose terms all have one sign forces them to zero; a balance of two terms fixes their ratio. Repeated
    until nothing changes (milliseconds on 1805 × 2583), this finds most of what flux coupling analysis finds (Burgard
    et al. 2004, doi 10.1101/gr.1926504); `compress` finds the rest by the null space.

    Args:
        matrix: S, shape `[metabolites, reactions]`.
        lower: The lowest bounds in use, shape `[reactions]`; −inf if unknown.
        upper: The highest bounds in use, the same shape.
    """
    work = _Work(matrix, lower, upper)
    work.run()
    return work.result()


class _Work:
    """The network during the reduction: dictionaries of balances and columns, for fast removal of entries."""

    def __init__(self, matrix: scipy.sparse.sparray, lower: np.ndarray, upper: np.ndarray) -> None:
        entries = scipy.sparse.coo_array(matrix)
        self.rows: list[dict[int, float]] = [{} for _ in range(entries.shape[0])]
        self.columns: list[dict[int, float]] = [{} for _ in range(entries.shape[1])]
        for row, column, value in zip(entries.row.tolist(), entries.col.tolist(), entries.data.tolist(), strict=True):
            if value:
                self.rows[row][column] = self.columns[column][row] = value
        self.lower, self.upper = lower.astype(float).tolist(), upper.astype(float).tolist()
        self.alive = [True] * len(self.columns)
        self.head: dict[int, tuple[int, float]] = {}
        self.todo = set(range(len(self.rows)))

    def run(self) -> None:
        """Reduce until no balance removes or merges a reaction."""
        for column in range(len(self.columns)):
            self._drop_if_closed(column)
        while self.todo:
            row = self.rows[self.todo.pop()]
            if row and self._all_zero(row):
                for column in list(row):
                    self._drop(column)
            elif len(row) == 2:
                self._merge(row)

    def _all_zero(self, row: dict[int, float]) -> bool:
        """Return whether a balance forces its terms to zero: it has one term, or none that can offset the others."""
        rises = any((self.upper[c] if value > 0 else -self.lower[c]) > 0 for c, value in row.items())
        falls = any((self.upper[c] if value < 0 else -self.lower[c]) > 0 for c, value in row.items())
        # If a bound forbids zero, the network is infeasible: leave that to the solver.
        single_sign = len(row) == 1 or not (rises and falls)
        return single_sign and all(self.lower[c] <= 0 <= self.upper[c] for c in row)

    def _drop(self, column: int) -> None:
        self.alive[column] = False
        for row in self.columns[column]:
            del self.rows[row][column]
            self.todo.add(row)
        self.columns[column] = {}

    def _drop_if_closed(self, column: int) -> None:
        if self.lower[column] == 0 == self.upper[column]:
            self._drop(column)

    def _merge(self, row: dict[int, float]) -> None:
        """Replace v_gone by ratio · v_kept everywhere; this balance then always holds."""
        (gone, own), (kept, other) = row.items()
        ratio = -other / own
        bounds = self.lower[gone] / ratio, self.upper[gone] / ratio
        self.lower[kept] = max(self.lower[kept], min(bounds))
        self.upper[kept] = min(self.upper[kept], max(bounds))
        self.head[gone], self.alive[gone] = (kept, ratio), False
        for index, value in self.columns[gone].items():
            del self.rows[index][gone]
            before, moved = self.columns[kept].get(index, 0.0), value * ratio
            if abs(before + moved) <= CANCELLED * (abs(before) + abs(moved)):
                self.rows[index].pop(kept, None)
                self.columns[kept].pop(index, None)
            else:
                self.rows[index][kept] = self.columns[kept][index] = before + moved
        self.todo.update(self.columns[gone], self.columns[kept])
        self.columns[gone] = {}
        self._drop_if_closed(kept)

    def result(self) -> CoupledReactions:
        """Number the groups and map every merged reaction to the one that was kept."""
        kept = [column for column, alive in enumerate(self.alive) if alive]
        place = {column: position for position, column in enumerate(kept)}
        group, ratio = np.full(len(self.alive), -1), np.zeros(len(self.alive))
        for column in range(len(self.alive)):
            top, factor = column, 1.0
            while top in self.head:
                top, step = self.head[top]
                factor *= step
            if self.alive[top]:
                group[column], ratio[column] = place[top], factor
        rows = [row for row in self.rows if row]
        entries = [(i, place[c], value) for i, row in enumerate(rows) for c, value in sorted(row.items())]
        at, columns, values = (np.array(part) for part in zip(*entries, strict=True)) if entries else ([], [], [])
        matrix = scipy.sparse.csc_array((values, (at, columns)), shape=(len(rows), len(kept)), dtype=float)
        return CoupledReactions(group, ratio, matrix)
