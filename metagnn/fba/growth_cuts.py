"""Growth cuts: linear bounds on growth in the bounds of the fluxes, from the duals of flux balance analysis."""

from __future__ import annotations

import numpy as np

from metagnn.network.coupled_reactions import CoupledReactions
from metagnn.optimize.linear_program import OPTIMAL, LinearProgram

SCARCE = 1e-3
"""Share of its mean at which a bound that varies is certain to limit growth, if it ever does."""

NEGLIGIBLE = 1e-9
"""Price below which a bound does not limit growth; with the widest bounds, rounding alone."""


def growth_cuts(coupled: CoupledReactions, growth: int, lower: np.ndarray, upper: np.ndarray) -> np.ndarray:
    """Return prices of the bounds, each row of which limits growth in every medium.

    By weak duality growth is at most Σ max(p, 0) u + min(p, 0) l for the reduced costs p of any medium's optimum, and
    equal to it where the same bounds limit growth: the smallest of a few cuts is the optimum of most media. (Cuts of
    an optimal value from duals: Benders 1962, doi 10.1007/BF01386316.)

    Beside the media themselves, media are solved in which one bound that varies is scarce and the others are at their
    mean: what limits growth in one medium of a hundred is then known too.

    Args:
        coupled: Groups of reactions that move together.
        growth: Position of the growth reaction.
        lower: Lower bounds of the media, shape `[media, reactions]` [mmol/gDW/h].
        upper: Upper bounds, the same shape.

    Returns:
        Prices per group, shape `[cuts, groups]`; growth is that of the reaction, in units of its own flux.
    """
    group = int(coupled.group[growth])
    if group < 0:
        return np.zeros((0, coupled.groups))
    objective = np.zeros(coupled.groups)
    objective[group] = coupled.ratio[growth]
    program = LinearProgram(coupled.matrix, objective)
    low, high = coupled.group_bounds(*_with_scarce(lower, upper))
    prices = []
    for one_low, one_high in zip(low, high, strict=True):
        found = program.solve(one_low, one_high)
        if found.status == OPTIMAL:
            price = np.where(np.abs(found.reduced_costs) > NEGLIGIBLE, found.reduced_costs, 0.0)
            # A price of a bound that is not there is rounding; a cut with it would say nothing.
            bounds = np.where(price > 0, one_high, one_low)
            prices.append(np.where(np.isfinite(bounds), price, 0.0))
    if not prices:
        return np.zeros((0, coupled.groups))
    digits = np.round(np.array(prices), 9)
    return np.array(prices)[np.unique(digits, axis=0, return_index=True)[1]]


def _with_scarce(lower: np.ndarray, upper: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Add a medium for every bound that varies: that bound scarce, the others at their mean."""
    # Compared, not subtracted: bounds may be infinite.
    differs = [(bound != bound[0]).any(axis=0) for bound in (lower, upper)]
    varying = [(side, column) for side in (0, 1) for column in np.flatnonzero(differs[side])]
    scarce = np.repeat(np.stack([lower.mean(axis=0), upper.mean(axis=0)])[:, None], len(varying), axis=1)
    for row, (side, column) in enumerate(varying):
        scarce[side, row, column] *= SCARCE
    return np.concatenate([lower, scarce[0]]), np.concatenate([upper, scarce[1]])
