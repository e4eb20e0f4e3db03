"""MediumPin: the least fluxes of media at a growth rate that is known from elsewhere."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from metagnn.fba.label_simulator import LabelSimulator
from metagnn.fba.uptake_cuts import UptakeCuts
from metagnn.models.widest_bounds import widest_bounds
from metagnn.network.knockout import Knockouts
from metagnn.network.network_like import NetworkLike, as_network
from metagnn.nn.polytope import PolytopeProjection

REACHED = 1e-9
"""Difference of growth that counts as none, relative to 1 + growth."""

MOST_STEPS = 30
"""Steps of the search for a scale; growth is concave and piecewise linear in it, so that a few are enough."""

LARGEST_SCALE = 1e4
"""Factor of the uptakes beyond which nothing is searched."""


class MediumPin:
    """Fluxes of least norm at a given growth within given uptakes.

    Where the uptakes do not allow the growth, all of them are scaled up by the least factor with which they do. Where
    none does, because something else limits growth, the fluxes are those of the largest growth.

    Args:
        network: The network.
        exchanges: Exchanges whose uptake varies.

    Raises:
        NetworkError: No growth reaction.
        TableError: A name is no exchange of the network.
    """

    def __init__(self, network: NetworkLike, exchanges: Sequence[str]) -> None:
        self._network, self._exchanges = as_network(network), list(exchanges)
        self._growth = self._network.reaction_index(self._network.growth_reaction)
        self._cuts = UptakeCuts(self._network, self._exchanges)
        self._simulator = LabelSimulator(self._network, self._exchanges)
        self._nearest: PolytopeProjection | None = None

    def fluxes(
        self, uptakes: np.ndarray, growth: np.ndarray, closed: np.ndarray | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Compute the fluxes of every medium.

        Args:
            uptakes: Largest uptakes ≥ 0, shape `[media, exchanges]` [mmol/gDW/h].
            growth: Growth, shape `[media]` [1/h]; below zero counts as zero.
            closed: Reactions that are knocked out, boolean, shape `[media, reactions]`.

        Returns:
            Fluxes, shape `[media, reactions]` [mmol/gDW/h], NaN where no flux satisfies a medium at any scale; and the
            factors of the uptakes, shape `[media]`.
        """
        growth = np.maximum(growth, 0.0)
        scale, largest = self.scales(uptakes, growth, closed)
        scaled, fluxes = uptakes * scale[:, None], np.full((len(uptakes), len(self._network.reactions)), np.nan)
        below = np.flatnonzero((scale == 1.0) & (growth < largest - REACHED * (1.0 + growth)))
        others = np.setdiff1d(np.arange(len(uptakes)), below)
        if len(others):
            gone = None if closed is None else Knockouts.from_mask(torch.from_numpy(closed[others]), len(others))
            fluxes[others] = self._simulator.solve(scaled[others], knockouts=gone)[0]
        if len(below):
            lower, upper = self._network.uptake_bounds(self._exchanges, scaled[below])
            if closed is not None:
                lower[closed[below]] = upper[closed[below]] = 0.0
            lower[:, self._growth] = upper[:, self._growth] = growth[below]
            low, high = torch.from_numpy(lower), torch.from_numpy(upper)
            fluxes[below] = self._projection().solve(torch.zeros_like(low), low, high).fluxes.numpy()
        return fluxes, scale

    def scales(
        self, uptakes: np.ndarray, growth: np.ndarray, closed: np.ndarray | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the least factors ≥ 1 of the uptakes that allow the growth, and the largest growth at these.

        Newton's method on a concave function from below: every step ends at or below the factor that is sought.
        """
        scale, largest = np.ones(len(uptakes)), np.full(len(uptakes), np.nan)
        rows = np.arange(len(uptakes))
        for _ in range(MOST_STEPS):
            gone = None if closed is None else closed[rows]
            largest[rows], slopes, offsets = self._cuts.solve(uptakes[rows] * scale[rows, None], gone)
            steep = (slopes * uptakes[rows]).sum(-1)
            with np.errstate(divide="ignore", invalid="ignore"):
                wanted = (growth[rows] - offsets) / steep
            short = (largest[rows] < growth[rows] - REACHED * (1.0 + growth[rows])) & (steep > 0)
            short &= np.isfinite(wanted) & (scale[rows] < LARGEST_SCALE)
            if not short.any():
                break
            scale[rows[short]] = np.minimum(np.maximum(wanted[short], scale[rows[short]]), LARGEST_SCALE)
            rows = rows[short]
        return scale, largest

    def _projection(self) -> PolytopeProjection:
        """The layer for the least norm; made when first needed, because compression takes a second at genome scale."""
        if self._nearest is None:
            bounds = widest_bounds(self._network, self._exchanges)
            self._nearest = PolytopeProjection(self._network.stoichiometry, *bounds)
        return self._nearest
