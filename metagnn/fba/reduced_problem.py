"""The flux problem of many media with fewer columns: what is blocked left out, what moves together counted once."""

from __future__ import annotations

import numpy as np
import scipy.sparse

from metagnn.network.reduction import Reduction, reduce_network


class ReducedProblem:
    """What a solver sees of S v = 0 and bounds: groups of reactions that move together.

    The flux of a group is counted so that its norm is that of its reactions; least norms are the same on both sides.

    Args:
        matrix: S, shape `[metabolites, reactions]`, scipy sparse.
        growth: Position of the growth reaction; its group runs forward where it does.
        widest: The lowest lower and the highest upper bounds of all media, each of shape `[reactions]`. Knockouts,
            which close reactions, need not be among them.
        order: Which norm is kept: 1 of Σ|v|, 2 of Σv².

    Attributes:
        matrix: Balances of the groups, shape `[balances, groups]`.
        objective: Growth by the fluxes of the groups, shape `[groups]`.
        growth: Position of the group that grows.
        group: Group of every reaction, −1 where it can carry no flux, shape `[reactions]`.
        ratio: Flux of the reaction per flux of its group, zero where blocked, shape `[reactions]`.
    """

    def __init__(
        self, matrix: scipy.sparse.csc_array, growth: int, widest: tuple[np.ndarray, np.ndarray], order: int = 2
    ) -> None:
        reduction = reduce_network(matrix, *widest)
        if reduction.group[growth] < 0:
            # Nothing grows. Solvers want an objective all the same, so nothing is left out.
            count = matrix.shape[1]
            reduction = Reduction(np.arange(count), np.ones(count), matrix)
        self._reduction = _normalised(reduction, growth, order)
        self.matrix, self.group, self.ratio = self._reduction.matrix, self._reduction.group, self._reduction.ratio
        self.growth = int(reduction.group[growth])
        self.objective = np.zeros(reduction.groups)
        self.objective[self.growth] = self.ratio[growth]

    def groups_of(self, reactions: np.ndarray) -> np.ndarray:
        """Groups that any of the reactions belongs to, sorted; blocked reactions belong to none."""
        groups = np.unique(self.group[reactions])
        return groups[groups >= 0]

    def bounds(self, lower: np.ndarray, upper: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Bounds of the groups; a lower one above its upper one where no flux fits.

        Args:
            lower: Lower bounds of the reactions, shape `[..., reactions]` [mmol/gDW/h].
            upper: Upper bounds, the same shape.
        """
        return self._reduction.group_bounds(lower, upper)

    def expand(self, values: np.ndarray) -> np.ndarray:
        """Fluxes of the reactions [mmol/gDW/h] from those of the groups, shape `[samples, groups]`; NaN rows stay."""
        fluxes = self._reduction.expand(values)
        fluxes[np.isnan(values).any(axis=-1)] = np.nan
        return fluxes


def _normalised(reduction: Reduction, growth: int, order: int) -> Reduction:
    size = np.zeros(reduction.groups)
    moves = reduction.group >= 0
    np.add.at(size, reduction.group[moves], np.abs(reduction.ratio[moves]) ** order)
    size = size ** (1.0 / order)
    size[reduction.group[growth]] *= np.sign(reduction.ratio[growth])
    ratio = reduction.ratio.copy()
    ratio[moves] /= size[reduction.group[moves]]
    return Reduction(
        reduction.group, ratio, scipy.sparse.csc_array(reduction.matrix @ scipy.sparse.diags_array(1 / size))
    )
