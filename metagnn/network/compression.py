"""Lossless compression: reactions that always move together count once, those that never move not at all."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.linalg
import scipy.sparse

from metagnn.network.coupled_reactions import CoupledReactions
from metagnn.network.incidence import Incidence
from metagnn.network.memory import require_memory
from metagnn.network.reduction import reduce_network

TOLERANCE = 1e-10
"""Largest difference of two normalised rows of the null space that counts as none."""

NEIGHBOURHOOD = 1e-7
"""How far apart the probes of parallel rows may lie by rounding; generously wide, for every pair is compared."""

MOST_DENSE_GROUPS = 2000
"""Groups above which no null space is taken: its cost grows with their cube, and its memory with their square."""


def null_basis(matrix: np.ndarray, tolerance: float = 1e-11) -> np.ndarray:
    """Orthonormal basis of the null space, shape `[columns, nullity]`.

    A rank-revealing QR of the transpose: as accurate as the SVD and several times cheaper (seconds on 1805 × 2583).

    Args:
        matrix: Shape `[rows, columns]`.
        tolerance: Pivots below this fraction of the largest count as zero.
    """
    orthogonal, _, rank = _row_space(matrix, tolerance)
    return np.ascontiguousarray(orthogonal[:, rank:])


def _row_space(matrix: np.ndarray, tolerance: float = 1e-11) -> tuple[np.ndarray, np.ndarray, int]:
    """Orthonormal columns, the row space's first; the rows in the order of the pivots; the rank."""
    orthogonal, triangular, order = scipy.linalg.qr(matrix.T, pivoting=True)
    pivots = np.abs(np.diagonal(triangular))
    return orthogonal, order, int((pivots > tolerance * pivots.max(initial=1.0)).sum())


@dataclass(frozen=True, eq=False)
class Compression:
    """Fully coupled reactions merged, blocked ones removed, redundant rows dropped.

    At steady state v = expansion · x with one free x per group, and every x with balance · x = 0 expands to a steady
    state: nothing is lost (Burgard et al. 2004, doi 10.1101/gr.1926504, for flux coupling).

    Attributes:
        coupled: The groups and their balances, independent of each other; of a large network some may follow from
            others.
        balance: The balances with orthonormal rows, dense, shape `[rank, groups]`; None for a large network.
        basis: Orthonormal basis of the group fluxes that balance, shape `[groups, groups − rank]`; None for a large
            network.
    """

    coupled: CoupledReactions
    balance: np.ndarray | None = None
    basis: np.ndarray | None = None


def compress(incidence: Incidence, lower: np.ndarray | None = None, upper: np.ndarray | None = None) -> Compression:
    """Compress an operator, by its null space and by the widest bounds in use.

    Of more than `MOST_DENSE_GROUPS` groups, the sparse reduction is all: it finds nearly as much (1,185 groups of
    iJO1366 instead of 1,136), in a time that grows as the network does. What only a linear program would prove blocked
    stays (47 of those groups): dozens of them cost more than they would save.

    Args:
        incidence: The operator S.
        lower: The lowest bounds that any sample has, shape `[reactions]`; none by default, so that what is removed is
            blocked whatever the bounds.
        upper: The highest bounds, the same shape.

    Raises:
        NetworkError: The machine has not the memory for it.
    """
    count = incidence.shape[1]
    reduction = reduce_network(
        incidence.to_scipy(),
        np.full(count, -np.inf) if lower is None else lower,
        np.full(count, np.inf) if upper is None else upper,
    )
    if reduction.groups > MOST_DENSE_GROUPS:
        return Compression(reduction)
    # Two square factors of the groups that the reduction leaves, and their work space.
    require_memory(3 * 8 * reduction.groups**2, f"the null space of {reduction.groups} groups of reactions")
    merged = reduction.merge(*_couple(null_basis(reduction.matrix.toarray())))
    orthogonal, order, rank = _row_space(merged.matrix.toarray())
    balance, basis = np.ascontiguousarray(orthogonal[:, :rank].T), np.ascontiguousarray(orthogonal[:, rank:])
    kept = scipy.sparse.csc_array(scipy.sparse.csr_array(merged.matrix)[np.sort(order[:rank])])
    return Compression(CoupledReactions(merged.group, merged.ratio, kept), balance, basis)


def _couple(basis: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Groups of parallel rows of a null space, and their ratios."""
    size = np.linalg.norm(basis, axis=1)
    moving = np.flatnonzero(size > TOLERANCE)
    group, ratio = np.full(len(basis), -1), np.zeros(len(basis))
    direction = basis[moving] / size[moving, None]
    # Coupled rows are parallel, so any one number of their direction is the same up to its sign: sorted by it, they
    # are neighbours, and only neighbours are compared.
    probe = np.abs(direction @ np.random.default_rng(0).standard_normal(basis.shape[1]))
    order = np.argsort(probe)
    groups = 0
    for place, row in enumerate(order):
        if group[moving[row]] >= 0:
            continue
        near = order[place : np.searchsorted(probe[order], probe[row] + NEIGHBOURHOOD)]
        near = near[group[moving[near]] < 0]
        same = direction[near] @ direction[row]
        apart = np.abs(direction[near] - np.sign(same)[:, None] * direction[row]).max(axis=1)
        members = near[apart < TOLERANCE]
        group[moving[members]] = groups
        ratio[moving[members]] = np.sign(same[apart < TOLERANCE]) * size[moving[members]] / size[moving[row]]
        groups += 1
    return group, ratio
