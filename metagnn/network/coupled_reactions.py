"""Reactions that move together: one flux for each group of them, and the balances of the groups."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse

TIE = 1e-12
"""By how much rounding may part two bounds that members of a group put at the same place, relative to 1 + |bound|."""


@dataclass(frozen=True, eq=False)
class CoupledReactions:
    """Reactions in groups that move together, and the balances that are left.

    At steady state and within the bounds, v = expansion · x with one x per group, and matrix · x = 0.

    Attributes:
        group: Group of every reaction, −1 where it can carry no flux, shape `[reactions]`.
        ratio: Flux of the reaction per flux of its group, zero where blocked, shape `[reactions]`.
        matrix: Balances of the groups, sparse, shape `[balances, groups]`; some may follow from others.
    """

    group: np.ndarray
    ratio: np.ndarray
    matrix: scipy.sparse.csc_array

    @classmethod
    def keep_all(cls, matrix: scipy.sparse.csc_array) -> CoupledReactions:
        """Every reaction of S, shape `[metabolites, reactions]`, a group of its own."""
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
        """Groups that any of some reactions belongs to, sorted; blocked reactions belong to none."""
        groups = np.unique(self.group[reactions])
        return groups[groups >= 0]

    def group_bounds(self, lower: np.ndarray, upper: np.ndarray, tie: float = TIE) -> tuple[np.ndarray, np.ndarray]:
        """The tightest bounds that the members put on every group.

        Args:
            lower: Lower bounds, shape `[..., reactions]`.
            upper: Upper bounds, the same shape.
            tie: As for `join_ties`.

        Returns:
            Bounds of the groups, shape `[..., groups]`; a lower one above its upper one where no flux fits.
        """
        moves = self.moving
        ratio, group = self.ratio[moves], self.group[moves]
        low, high = lower[..., moves] / ratio, upper[..., moves] / ratio
        low, high = np.where(ratio > 0, low, high), np.where(ratio > 0, high, low)
        # Sorted by group, each group is one slice, and a slice of all samples is reduced at once.
        order = np.argsort(group, kind="stable")
        starts = np.searchsorted(group[order], np.arange(self.groups))
        return join_ties(
            np.maximum.reduceat(low[..., order], starts, axis=-1),
            np.minimum.reduceat(high[..., order], starts, axis=-1),
            tie,
        )

    def expand(self, values: np.ndarray) -> np.ndarray:
        """Fluxes of the reactions from those of the groups, shape `[..., reactions]`; a NaN makes its sample NaN."""
        padded = np.concatenate([values, np.zeros((*values.shape[:-1], 1))], axis=-1)
        expanded: np.ndarray = padded[..., self.group] * self.ratio
        expanded[np.isnan(values).any(axis=-1)] = np.nan
        return expanded

    def count_in(self, size: np.ndarray) -> CoupledReactions:
        """The same groups with their fluxes counted in other units.

        Args:
            size: New flux per old flux of every group, not zero, shape `[groups]`.
        """
        moves, ratio = self.moving, self.ratio.copy()
        ratio[moves] /= size[self.group[moves]]
        matrix: Any = self.matrix @ scipy.sparse.diags_array(1 / size)
        return CoupledReactions(self.group, ratio, scipy.sparse.csc_array(matrix))

    def merge(self, group: np.ndarray, ratio: np.ndarray) -> CoupledReactions:
        """Groups of groups, once more is known of which move together.

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
    """Bounds of groups; where rounding has put an upper one below its lower one, both at the lower one.

    Args:
        low: Lower bounds.
        high: Upper bounds, the same shape.
        tie: Distance that is rounding, relative to 1 + |bound|; farther apart, no flux fits, and they stay.
    """
    with np.errstate(invalid="ignore"):
        tied = (low > high) & (low - high <= tie * (1.0 + np.abs(low)))
    return low, np.where(tied, low, high)
