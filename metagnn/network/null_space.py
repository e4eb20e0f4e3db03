"""Null spaces of sparse matrices without a dense factor: the orthogonal projector, and a basis where they are small."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.linalg
import scipy.sparse

from metagnn.network.compression import null_basis
from metagnn.network.reduction import reduce_network
from metagnn.network.sparse_balances import SparseBalances

MOST_DENSE = 2**17
"""Entries of a matrix up to which its dense factor is as fast (a core model has 7,000, iJO1366 four million)."""

CONVERGED = 1e-14
"""Change of a projection, relative to its largest value, at which refinement stops."""

MOST_STEPS = 30
"""Refinements at most; two to four do unless singular values are close to zero."""

SHRINKING = 0.5
"""Change relative to that of the refinement before from which it is rounding."""

PROBES = 64
"""Random vectors projected first, to estimate the dimension of a null space."""

RANK_TOLERANCE = 1e-10
"""Eigenvalue of projected random vectors' Gram matrix, relative to the largest, that counts as zero: those of the null
space are above 1e-6, all others are rounding."""

NULL = 1e-11
"""What a matrix makes of a unit vector, relative to its largest row, that counts as zero; as for `null_basis`."""


class NullProjector:
    """Orthogonal projector P onto the null space of a sparse matrix A: P x is the nearest point to x with A P x = 0.

    Entries that single rows fix or tie to each other are eliminated first; the rest costs one sparse factor
    (milliseconds for ten thousand columns). Rows may be linearly dependent.

    Args:
        matrix: A, shape `[rows, columns]`, scipy sparse.
    """

    def __init__(self, matrix: Any) -> None:
        free = np.full(matrix.shape[1], np.inf)
        coupled = reduce_network(scipy.sparse.csc_array(matrix), -free, free)
        # Groups of norm one: their expansion keeps lengths and angles.
        size = np.bincount(coupled.group[coupled.moving], coupled.ratio[coupled.moving] ** 2, coupled.groups)
        self._coupled = coupled.rescale(np.sqrt(size))
        self._factor = SparseBalances(self._coupled.matrix).factor(np.ones(coupled.groups))

    @property
    def groups(self) -> int:
        """Entries that remain after elimination: no null space is larger."""
        return self._coupled.groups

    def project(self, values: np.ndarray) -> np.ndarray:
        """Project columns, shape `[columns, samples]`."""
        return self.expand(self.project_groups(self.collect(scipy.sparse.csc_array(values))))

    def collect(self, values: Any) -> np.ndarray:
        """Return the part of columns that is in the span of the groups, `[columns, samples]` to `[groups, samples]`."""
        moves = self._coupled.moving
        entries = (self._coupled.ratio[moves], (self._coupled.group[moves], moves))
        spread = scipy.sparse.csr_array(entries, shape=(self.groups, len(self._coupled.group)))
        return np.asarray((spread @ values).toarray())

    def project_groups(self, values: np.ndarray) -> np.ndarray:
        """Project fluxes of groups, shape `[groups, samples]`."""
        before, size = np.inf, np.abs(values).max(initial=0.0)
        for _ in range(MOST_STEPS):
            moved = self._factor.correction(values)
            values = values - moved
            change = np.abs(moved).max(initial=0.0)
            if not CONVERGED * size < change < SHRINKING * before:
                break
            before = change
        return values

    def orthonormal(self, values: np.ndarray) -> np.ndarray:
        """Return orthonormal directions that the projections of independent ones span, of the same shape."""
        return np.asarray(scipy.linalg.qr(self.project_groups(values), mode="economic")[0])

    def expand(self, values: np.ndarray) -> np.ndarray:
        """Return the entries of groups, shape `[columns, samples]`; lengths and angles stay."""
        expanded: np.ndarray = self._coupled.expand(values.T).T
        return expanded


def sparse_null_basis(matrix: Any) -> np.ndarray:
    """Return an orthonormal basis of the null space of a sparse matrix, shape `[columns, nullity]`.

    A large matrix is never made dense. Projections of random vectors span its null space once they outnumber its
    dimension (Halko, Martinsson & Tropp 2011, doi 10.1137/090771806). The cost grows with the square of the nullity:
    use it where that is small, as for conserved moieties; `NullProjector` serves where it is not.

    Args:
        matrix: Shape `[rows, columns]`, scipy sparse.
    """
    if matrix.shape[0] * matrix.shape[1] <= MOST_DENSE:
        return null_basis(matrix.toarray())
    projector = NullProjector(matrix)
    random, width = np.random.default_rng(0), min(PROBES, projector.groups)
    while True:
        probes = random.standard_normal((projector.groups, width))
        projected = projector.project_groups(probes)
        size, vectors = np.linalg.eigh(projected.T @ projected)
        kept = size > RANK_TOLERANCE * max(size.max(initial=0.0), 1.0)
        if not kept.all() or width == projector.groups:
            break
        # The trace of a projector is the dimension of its range (Hutchinson's estimate).
        dimension = float((probes * projected).sum()) / width
        width = min(max(2 * width, int(1.1 * dimension) + PROBES), projector.groups)
    basis = projector.orthonormal(projected @ (vectors[:, kept] / np.sqrt(size[kept])))
    # The factor is regularised: what balances only to 1e-6, by rounded coefficients, must be told from what balances.
    left = matrix @ projector.expand(basis)
    _, off, turn = np.linalg.svd(scipy.linalg.qr(left, mode="r")[0][: left.shape[1]])
    largest = np.sqrt(abs(matrix).power(2).sum(axis=1).max())
    balanced = np.pad(off, (0, len(turn) - len(off))) <= NULL * largest
    if not balanced.all():
        basis = projector.orthonormal(basis @ turn[balanced].T)
    return np.ascontiguousarray(projector.expand(basis))
