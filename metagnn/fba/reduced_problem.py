"""The flux problem of many media without blocked reactions, with one column per group of coupled ones."""

from __future__ import annotations

import numpy as np
import scipy.sparse

from metagnn.network.coupled_reactions import CoupledReactions
from metagnn.network.reduction import reduce_network


class ReducedProblem:
    """S v = 0 and bounds in terms of groups of reactions that move together.

    The flux of a group is scaled to the norm of its reactions, so that a least norm is the same in both problems.

    Args:
        matrix: S, shape `[metabolites, reactions]`, scipy sparse.
        growth: Position of the growth reaction; its group is positive where growth is.
        widest: The lowest lower and the highest upper bounds of all media, each of shape `[reactions]`; knockouts can
            be ignored.
        order: Norm to preserve: 1 for Σ|v|, 2 for Σv².
        uncounted: Columns that are no reactions and have no part in the norm.

    Attributes:
        coupled: The groups.
        growth: Position of the group that grows.
        objective: Coefficients of growth in the fluxes of the groups, shape `[groups]`.
        weights: Zero for groups without a reaction, one for all others, shape `[groups]`.
        squares: Sum of the squares of the reactions of every group at a group flux of one, shape `[groups]`.
    """

    def __init__(
        self,
        matrix: scipy.sparse.csc_array,
        growth: int,
        widest: tuple[np.ndarray, np.ndarray],
        order: int = 2,
        uncounted: np.ndarray | None = None,
    ) -> None:
        coupled = reduce_network(matrix, *widest)
        if coupled.group[growth] < 0:
            # Growth is blocked: keep every reaction, because solvers need an objective.
            coupled = CoupledReactions.keep_all(matrix)
        size = _norms(coupled, growth, order, uncounted)
        squares = _norms(coupled, growth, 2, uncounted) if order == 1 else size
        self.squares = (squares / np.where(size == 0, 1.0, size)) ** 2
        self.weights = (size != 0).astype(np.float64)
        self.coupled = coupled.rescale(np.where(size == 0, 1.0, size))
        self.growth = int(coupled.group[growth])
        self.objective = np.zeros(coupled.groups)
        self.objective[self.growth] = self.coupled.ratio[growth]


def _norms(coupled: CoupledReactions, growth: int, order: int, uncounted: np.ndarray | None) -> np.ndarray:
    """Return the norm of every group's reactions at a group flux of one, signed as growth in its group."""
    counted, size = np.abs(coupled.ratio), np.zeros(coupled.groups)
    if uncounted is not None:
        counted[uncounted] = 0.0
    np.add.at(size, coupled.group[coupled.moving], counted[coupled.moving] ** order)
    size = size ** (1.0 / order)
    size[coupled.group[growth]] *= np.sign(coupled.ratio[growth])
    return size
