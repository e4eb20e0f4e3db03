"""Groups of reactions that move together, with one flux per group."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse

TIE = 1e-12
"""Treat bounds of a group as equal up to this difference, relative to 1 + |bound|."""


@dataclass(frozen=True, eq=False)
class CoupledReactions:
    """Groups of reactions that move together, and the balances between groups.

    Every steady state within the bounds is v = expansion · x with one x per group and matrix · x = 0.

    Attributes:
        group: Group of every reaction, −1 where it can carry no flux, shape `[reactions]`.
        ratio: Flux of the reaction per flux of its group, zero where blocked, shape `[reactions]`.
        matrix: Balances of the groups, sparse, shape `[balances, groups]`; they may be linearly dependent.
    """

    group: np.ndarray
    ratio: np.ndarray
    matrix: scipy.sparse.csc_array

    @classmethod
    def keep_all(cls, matrix: scipy.sparse.csc_array) -> CoupledReactions:
        """Put every reaction of S, shape `[metabolites, reactions]`, in a group of its own."""
        count = matrix.shape[1]
        return cls(np.arange(count), np.ones(count), matrix)

    @property
    def groups(self) -> int:
        """Number of groups."""
        return int(self.matrix.shape[1])

    @property
    def moving(self) -> np.ndarray:
        """Positions of the reactions that can carry flux."""
        return np.flatnonzero(self.group >= 0)

    @property
    def expansion(self) -> np.ndarray:
        """The map from groups to reactions, shape `[reactions, groups]`."""
        matrix = np.zeros((len(self.group), self.groups))
        matrix[self.moving, self.group[self.moving]] = self.ratio[self.moving]
        return matrix

    def groups_with(self, reactions: np.ndarray) -> np.ndarray:
        """Return the sorted groups of some reactions; blocked reactions have none."""
        groups = np.unique(self.group[reactions])
        return groups[groups >= 0]

    def group_bounds(self, lower: np.ndarray, upper: np.ndarray, tie: float = TIE) -> tuple[np.ndarray, np.ndarray]:
        """Return the tightest bounds that the members put on every group.

        Args:
            lower: Lower bounds, shape `[..., reactions]`.
            upper: Upper bounds, the same shape.
            tie: As for `join_ties`.

        Returns:
            Bounds of the groups, shape `[..., groups]`; where no flux fits, the lower one exceeds the upper one.
        """
        moves = self.moving
        ratio, group = self.ratio[moves], self.group[moves]
        low, high = lower[..., moves] / ratio, upper[..., moves] / ratio
        low, high = np.where(ratio > 0, low, high), np.where(ratio > 0, high, low)
        # Sort by group, so that each group is one slice, reduced for all samples at once.
        order = np.argsort(group, kind="stable")
        starts = np.searchsorted(group[order], np.arange(self.groups))
        return join_ties(
            np.maximum.reduceat(low[..., order], starts, axis=-1),
            np.minimum.reduceat(high[..., order], starts, axis=-1),
            tie,
        )

    def expand(self, values: np.ndarray) -> np.ndarray:
        """Return the fluxes of the reactions, shape `[..., reactions]`; a NaN in a group makes its sample NaN."""
        padded = np.concatenate([values, np.zeros((*values.shape[:-1], 1))], axis=-1)
        expanded: np.ndarray = padded[..., self.group] * self.ratio
        expanded[np.isnan(values).any(axis=-1)] = np.nan
        return expanded

    def rescale(self, size: np.ndarray) -> CoupledReactions:
        """Return the same groups with rescaled fluxes.

        Args:
            size: New flux per old flux of every group, not zero, shape `[groups]`.
        """
        moves, ratio = self.moving, self.ratio.copy()
        ratio[moves] /= size[self.group[moves]]
        matrix: Any = self.matrix @ scipy.sparse.diags_array(1 / size)
        return CoupledReactions(self.group, ratio, scipy.sparse.csc_array(matrix))

    def merge(self, group: np.ndarray, ratio: np.ndarray) -> CoupledReactions:
        """Merge groups that move together.

        Args:
            group: New group of every group, −1 where it can carry no flux, shape `[groups]`.
            ratio: Flux of the old group per flux of the new one.
        """
        moves = self.moving
        outer, factor = np.full(len(self.group), -1), np.zeros(len(self.group))
        outer[moves] = group[self.group[moves]]
        factor[moves] = self.ratio[moves] * ratio[self.group[moves]]
        coupled = np.flatnonzero(group >= 0)
        shape = (len(group), int(group.max(initial=-1)) + 1)
        step = scipy.sparse.csc_array((ratio[coupled], (coupled, group[coupled])), shape=shape)
        return CoupledReactions(outer, factor, scipy.sparse.csc_array(self.matrix @ step))


def join_ties(low: np.ndarray, high: np.ndarray, tie: float = TIE) -> tuple[np.ndarray, np.ndarray]:
    """Set upper bounds that lie below their lower bounds by rounding only to the lower bounds.

    Args:
        low: Lower bounds.
        high: Upper bounds, the same shape.
        tie: Largest difference that counts as rounding, relative to 1 + |bound|; larger ones stay (no flux fits).
    """
    with np.errstate(invalid="ignore"):
        tied = (low > high) & (low - high <= tie * (1.0 + np.abs(low)))
    return low, np.where(tied, low, high)
