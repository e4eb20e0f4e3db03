"""Orthonormal columns that span those of matrices which may not have full rank."""

from __future__ import annotations

import numpy as np

RANK_TOLERANCE = 1e-9
"""Singular value, relative to the largest, up to which it counts as none."""


def column_space(matrix: np.ndarray) -> np.ndarray:
    """Orthonormal columns that span those of a matrix, shape `[rows, rank]`."""
    left, size, _ = np.linalg.svd(matrix, full_matrices=False)
    return np.asarray(left[:, size > RANK_TOLERANCE * size.max(initial=0.0)])


def column_spaces(matrices: np.ndarray) -> tuple[np.ndarray, int]:
    """Orthonormal columns that span those of every matrix, zero beyond its rank, and the sum of the ranks.

    A gap is a row of zeros, and may cost rank; a plain QR would then fill up with directions that explain nothing.

    Args:
        matrices: Shape `[matrices, rows, columns]`.
    """
    left, size, _ = np.linalg.svd(matrices, full_matrices=False)
    kept = size > RANK_TOLERANCE * size.max(axis=-1, keepdims=True, initial=0.0)
    return left * kept[..., None, :], int(kept.sum())
