"""The flux problem of many media with fewer columns: what is blocked left out, what moves together counted once."""

from __future__ import annotations

import numpy as np
import scipy.sparse

from metagnn.network.coupled_reactions import CoupledReactions
from metagnn.network.reduction import reduce_network


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
        coupled: The groups.
        growth: Position of the group that grows.
        objective: Growth by the fluxes of the groups, shape `[groups]`.
    """

    def __init__(
        self, matrix: scipy.sparse.csc_array, growth: int, widest: tuple[np.ndarray, np.ndarray], order: int = 2
    ) -> None:
        coupled = reduce_network(matrix, *widest)
        if coupled.group[growth] < 0:
            # Nothing grows. Solvers want an objective all the same, so nothing is left out.
            coupled = CoupledReactions.keep_all(matrix)
        self.coupled = coupled.count_in(_norms(coupled, growth, order))
        self.growth = int(coupled.group[growth])
        self.objective = np.zeros(coupled.groups)
        self.objective[self.growth] = self.coupled.ratio[growth]


def _norms(coupled: CoupledReactions, growth: int, order: int) -> np.ndarray:
    """Norm of the reactions of every group at a group flux of one, with the sign that growth has in its group."""
    size = np.zeros(coupled.groups)
    np.add.at(size, coupled.group[coupled.moving], np.abs(coupled.ratio[coupled.moving]) ** order)
    size = size ** (1.0 / order)
    size[coupled.group[growth]] *= np.sign(coupled.ratio[growth])
    return size
