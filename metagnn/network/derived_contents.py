"""Contents that no formula states, from the reactions that conserve them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse
import scipy.sparse.csgraph

TOLERANCE = 1e-4
"""Imbalance of a reaction, relative to what it turns over, that counts as rounding of its coefficients."""

SMALLEST = 1e-7
"""Imbalance that always counts as rounding, relative to the largest coefficient of the reaction."""

RANK_TOLERANCE = 1e-9
"""Singular value, relative to the largest, below which the reactions do not fix a combination of contents."""

NEGLIGIBLE = 1e-4
"""Part in a combination of contents that the reactions leave open, relative to the largest, that counts as none: an
enzyme in a reaction, rounded coefficients."""

DOUBT = 0.03
"""Spread of contradictory contents, relative to the whole that they are part of, that is accepted."""

LARGEST_BLOCK = 1200
"""Most unknowns that are solved for together: a dense decomposition of more takes seconds."""

MOST_VOTES = 200
"""Most equations that are compared about one content, the most precise first."""

ROUNDS = 3
"""Repetitions without the contents that turned out contradictory."""


@dataclass(frozen=True, eq=False)
class DerivedContents:
    """Contents that balance the reactions, as far as these determine them.

    Attributes:
        unknown: Positions of the metabolites whose content was unknown, shape `[unknowns]`.
        values: Their contents; where not determined, contents near the start that balance the reactions.
        determined: Whether the reactions fix a content, boolean, shape `[unknowns]`.
        freedom: What the reactions leave open, sparse, shape `[unknowns, directions]`.
        doubt: How contents move over the spread of contradictory ones, shape `[unknowns, contradictions]`.
    """

    unknown: np.ndarray
    values: np.ndarray
    determined: np.ndarray
    freedom: scipy.sparse.csc_array
    doubt: np.ndarray

    def undetermined(self, columns: scipy.sparse.csc_array, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return which combinations of contents, such as reactions, are not determined, and what leaves them open.

        Args:
            columns: Coefficients of all metabolites, one combination a column, shape `[metabolites, combinations]`.
            weights: Contents of all metabolites.

        Returns:
            Boolean, shape `[combinations]`, and of which unknowns the content is missing there, shape
            `[unknowns, combinations]`.
        """
        about = scipy.sparse.csr_array(columns.T)[:, self.unknown]
        size = _largest(about)
        loose = abs(about @ self.freedom).toarray() > NEGLIGIBLE * size[:, None]
        doubted = np.abs(about @ self.doubt)
        doubtful = doubted.sum(axis=1) > DOUBT * np.abs(columns.T @ weights) + SMALLEST * size
        loosened = scipy.sparse.csr_array(self.freedom != 0).astype(np.float64) @ loose.T.astype(np.float64)
        questioned = (np.abs(self.doubt) > DOUBT * np.abs(self.values)[:, None]) @ (doubtful[:, None] & (doubted > 0)).T
        part = (about != 0).toarray().T
        return loose.any(axis=1) | doubtful, part & ((loosened > 0) | questioned)


class ContentEquations:
    r"""Equations $\sum_m s_{mj} w_m = 0$ of reactions j for the contents w of metabolites, some of them unknown.

    Solved outward from what is known: an equation with one unknown is a vote for its content, and more than half of
    the votes decide. Where they do not, the content is the least-squares mean, in doubt by the spread of the votes; the
    doubt is passed on to what follows from it. Unknowns that only occur together are solved by least
    squares. A content that the equations do not fix stays unknown.

    Args:
        matrix: Coefficients, one reaction a row, sparse, shape `[reactions, metabolites]`.
        weights: Contents; for an unknown, where to start.
        known: Whether a content is known, boolean, shape `[metabolites]`.
    """

    def __init__(self, matrix: scipy.sparse.csr_array, weights: np.ndarray, known: np.ndarray) -> None:
        self.unknown = np.flatnonzero(~known)
        rows = matrix[np.flatnonzero(abs(matrix) @ (~known).astype(np.float64) > 0)]
        size = _largest(rows)
        rows = scipy.sparse.csr_array(scipy.sparse.diags_array(1.0 / size) @ rows)
        weights = weights.astype(np.float64)
        held = np.where(known, weights, 0.0)
        self.matrix = scipy.sparse.csr_array(rows[:, self.unknown])
        self.start = weights[self.unknown]
        self.right, self.turnover = -(rows @ held), abs(rows) @ np.abs(held)
        self.size, self.pattern = abs(self.matrix), scipy.sparse.csr_array(self.matrix != 0).astype(np.float64)

    def solve(self) -> DerivedContents:
        """Solve the equations; milliseconds for hundreds of unknowns."""
        refused = np.zeros(len(self.unknown), dtype=bool)
        for _ in range(ROUNDS):
            solution = _Solution(self, refused)
            solution.spread()
            solution.solve_blocks()
            contradicted = solution.contradicted()
            if not (contradicted & ~refused).any():
                break
            refused = refused | contradicted
        return solution.result()


class _Solution:
    """Contents found so far, and the equations in use. Column 0 of `contents` is the value, the others are doubts."""

    def __init__(self, equations: ContentEquations, refused: np.ndarray) -> None:
        self.equations, self.refused = equations, refused.copy()
        self.contents = equations.start[:, None].copy()
        self.solved = np.zeros(len(equations.start), dtype=bool)
        self.used = np.ones(len(equations.right), dtype=bool)
        self.freedom: list[tuple[np.ndarray, np.ndarray]] = []

    def _left(self) -> tuple[np.ndarray, np.ndarray]:
        """Right-hand sides without what is solved, and the imbalance to accept of every equation."""
        found = np.where(self.solved[:, None], self.contents, 0.0)
        right = -(self.equations.matrix @ found)
        right[:, 0] += self.equations.right
        return right, TOLERANCE * (self.equations.turnover + self.equations.size @ np.abs(found[:, 0])) + SMALLEST

    def _open_unknowns(self) -> np.ndarray:
        """Number of unsolved contents in every equation."""
        return np.asarray(self.equations.pattern @ (~self.solved).astype(np.float64))

    def spread(self) -> None:
        """Solve equations with one unknown, then those that have one left, and so on."""
        entries = self.equations.matrix.tocoo()
        while True:
            alone = self.used & (self._open_unknowns() == 1)
            voting = np.flatnonzero(alone[entries.row] & ~self.solved[entries.col] & ~self.refused[entries.col])
            if not len(voting):
                return
            right, accepted = self._left()
            voting = voting[np.argsort(entries.col[voting], kind="stable")]
            for votes in np.split(voting, np.flatnonzero(np.diff(entries.col[voting])) + 1):
                rows, about = entries.row[votes], int(entries.col[votes[0]])
                self._elect(
                    about, rows, right[rows] / entries.data[votes][:, None], accepted[rows], entries.data[votes]
                )

    def _elect(self, about: int, rows: np.ndarray, votes: np.ndarray, accepted: np.ndarray, factor: np.ndarray) -> None:
        """Take the content that more than half of the votes agree on, or their mean, in doubt by their spread."""
        # A vote with a small coefficient is imprecise: it agrees with many, and the more precise ones decide.
        width = accepted / np.abs(factor)
        order = np.argsort(width, kind="stable")[:MOST_VOTES]
        value, width = votes[order, 0], width[order]
        apart = np.abs(value[:, None] - value)
        agree, same = apart <= width[:, None] + width, apart <= SMALLEST * np.maximum(1.0, np.abs(value))
        best = np.lexsort((value, width, -same.sum(axis=1), -agree.sum(axis=1)))[0]
        majority = 2 * agree[best].sum() > len(order)
        chosen = order[same[best] if majority else np.ones(len(order), dtype=bool)]
        weight = np.square(factor[chosen])
        self.used[rows[order[~agree[best]]]] = False
        mean = (weight[:, None] * votes[chosen]).sum(axis=0) / weight.sum()
        self.contents[about, : len(mean)] = mean
        self.solved[about] = True
        if not majority:
            self.used[rows] = False
            column = np.zeros((len(self.contents), 1))
            column[about] = np.sqrt((weight * np.square(votes[chosen, 0] - mean[0])).sum() / weight.sum())
            self.contents = np.hstack([self.contents, column])

    def solve_blocks(self) -> None:
        """Solve connected unknowns together: the least change of their start that balances the equations best."""
        rest, lines = np.flatnonzero(~self.solved), np.flatnonzero(self.used & (self._open_unknowns() > 0))
        pattern = self.equations.pattern[lines][:, rest]
        count, block = scipy.sparse.csgraph.connected_components(pattern.T @ pattern)
        entries = pattern.tocoo()
        block_of_line = np.zeros(len(lines), dtype=np.int64)
        block_of_line[entries.row] = block[entries.col]
        right, accepted = self._left()
        members, equations = _groups(block, count), _groups(block_of_line, count)
        for inside, rows in zip(members, equations, strict=True):
            self._solve_block(rest[inside], lines[rows], right, accepted)

    def _solve_block(self, inside: np.ndarray, lines: np.ndarray, right: np.ndarray, accepted: np.ndarray) -> None:
        if not len(lines) or len(inside) > LARGEST_BLOCK:
            self.refused[inside] = True
            return
        matrix = self.equations.matrix[lines][:, inside].toarray()
        start = np.zeros((len(inside), right.shape[1]))
        start[:, 0] = self.contents[inside, 0]
        asked = right[lines] - matrix @ start
        change, null = _least_change(matrix, asked)
        limit = accepted[lines] + TOLERANCE * (np.abs(matrix) @ np.abs(start + change)[:, 0])
        wrong = np.abs(matrix @ change - asked)[:, 0] > limit
        if wrong.any():
            # Least squares spreads a contradiction over every equation that takes part in it: use none of them.
            self.used[lines[wrong]] = False
            change, null = _least_change(matrix[~wrong], asked[~wrong])
        self.contents[inside] = start + change
        open_ended = (np.abs(null) > NEGLIGIBLE).any(axis=1)
        self.solved[inside[~open_ended & ~self.refused[inside]]] = True
        self.freedom.append((inside, null))

    def contradicted(self) -> np.ndarray:
        """Solved contents about which at least as many equations are wrong as right, boolean, shape `[unknowns]`."""
        right, accepted = self._left()
        doubted = np.abs(right[:, 1:]).sum(axis=1)
        wrong = self.used & (self._open_unknowns() == 0) & (np.abs(right[:, 0]) > accepted + doubted)
        against = self.equations.pattern.T @ wrong.astype(np.float64)
        supporting = self.equations.pattern.T @ (self.used & ~wrong).astype(np.float64)
        return np.asarray((against > 0) & (against >= supporting) & self.solved)

    def result(self) -> DerivedContents:
        """Gather what was found."""
        alone = np.flatnonzero(self.refused)
        freedom = [*self.freedom, *((alone[[i]], np.ones((1, 1))) for i in range(len(alone)))]
        offsets = np.cumsum([0, *(null.shape[1] for _, null in freedom)])
        parts = [np.nonzero(np.abs(null) > SMALLEST) for _, null in freedom]
        rows = [inside[at] for (inside, _), (at, _) in zip(freedom, parts, strict=True)]
        columns = [direction + offset for (_, direction), offset in zip(parts, offsets[:-1], strict=True)]
        data = [null[part] for (_, null), part in zip(freedom, parts, strict=True)]
        empty = [np.zeros(0)]
        entries = (
            np.concatenate(empty + data),
            (np.concatenate(empty + rows).astype(np.int64), np.concatenate(empty + columns).astype(np.int64)),
        )
        matrix = scipy.sparse.csc_array(entries, shape=(len(self.contents), int(offsets[-1])))
        values, doubt = self.contents[:, 0], self.contents[:, 1:]
        certain = np.abs(doubt).sum(axis=1) <= DOUBT * np.abs(values)
        return DerivedContents(self.equations.unknown, values, self.solved & ~self.refused & certain, matrix, doubt)


def _least_change(matrix: np.ndarray, right: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the least-norm least-squares solution, and an orthonormal basis of the null space."""
    left, size, rotated = np.linalg.svd(matrix, full_matrices=matrix.shape[0] < matrix.shape[1])
    rank = int((size > RANK_TOLERANCE * size.max(initial=0.0)).sum())
    change: np.ndarray = rotated[:rank].T @ ((left[:, :rank].T @ right) / size[:rank, None])
    return change, rotated[rank:].T


def _largest(rows: scipy.sparse.csr_array) -> np.ndarray:
    """Return the largest absolute entry of every row."""
    return np.asarray(abs(rows).max(axis=1).toarray().ravel()) if min(rows.shape) else np.zeros(rows.shape[0])


def _groups(labels: np.ndarray, count: int) -> list[np.ndarray]:
    """Return the positions of every label from 0 to `count` − 1."""
    order = np.argsort(labels, kind="stable")
    return np.split(order, np.searchsorted(labels[order], np.arange(1, count))) if count else []
