"""Orthonormal bases of the column spaces of matrices without full rank."""

from __future__ import annotations

import numpy as np

RANK_TOLERANCE = 1e-9
"""Singular value, relative to the largest, up to which it counts as zero."""


def column_space(matrix: np.ndarray) -> np.ndarray:
    """Orthonormal basis of the columns of a matrix, shape `[rows, rank]`."""
    left, size, _ = np.linalg.svd(matrix, full_matrices=False)
    return np.asarray(left[:, size > RANK_TOLERANCE * size.max(initial=0.0)])


def column_spaces(matrices: np.ndarray) -> tuple[np.ndarray, int]:
    """Orthonormal bases of the columns of many matrices, zero beyond the rank of each, and the sum of the ranks.

    Gaps are rows of zeros and can lower the rank; a plain QR would then add arbitrary directions.

    Args:
        matrices: Shape `[matrices, rows, columns]`.
    """
    left, size, _ = np.linalg.svd(matrices, full_matrices=False)
    kept = size > RANK_TOLERANCE * size.max(axis=-1, keepdims=True, initial=0.0)
    return left * kept[..., None, :], int(kept.sum())
