"""Complete an estimate of some fluxes: the nearest fluxes at steady state and within bounds."""

from __future__ import annotations

import numpy as np
import torch

from metagnn.estimates.flux_knowledge import FluxKnowledge
from metagnn.network.conditions import Conditions
from metagnn.network.metabolic_network import MetabolicNetwork
from metagnn.nn.polytope import PolytopeProjection

FLOOR = 0.02
"""Smallest deviation of an estimate, relative to the root mean square of the estimates of a sample."""

WEAK = 0.01
"""Weight of a flux without an estimate, relative to the smallest of those with one."""


class FluxCompletion:
    """Nearest feasible fluxes to any number of estimates of the same samples: what they share is prepared once.

    Args:
        network: The network.
        conditions: The bounds of the samples.
        own: Fluxes of flux balance analysis, shape `[samples, reactions]`; computed where not given.
    """

    def __init__(self, network: MetabolicNetwork, conditions: Conditions, own: np.ndarray | None = None) -> None:
        own = FluxKnowledge.of(network, conditions).own_fluxes(conditions) if own is None else own
        self._own, self._bounds = np.nan_to_num(own), (conditions.lower, conditions.upper)
        lower, upper = (bound.numpy() for bound in self._bounds)
        widest = (
            np.minimum(lower.min(axis=0), network.bounds.lower),
            np.maximum(upper.max(axis=0), network.bounds.upper),
        )
        self._layer = PolytopeProjection(network.stoichiometry, *widest)

    def complete(self, mean: np.ndarray, deviation: np.ndarray) -> np.ndarray:
        """See `complete_fluxes`."""
        target, weight = _problem(mean, deviation, self._own)
        return self._layer.solve(torch.from_numpy(target), *self._bounds, torch.from_numpy(weight)).fluxes.numpy()


def complete_fluxes(
    network: MetabolicNetwork,
    conditions: Conditions,
    mean: np.ndarray,
    deviation: np.ndarray,
    own: np.ndarray | None = None,
) -> np.ndarray:
    """Return the nearest feasible fluxes to an estimate, shape `[samples, reactions]`; NaN where there are none.

    Distances of the reactions with an estimate count by 1/deviation²; the others are drawn weakly to the fluxes of flux
    balance analysis, scaled to the sample.

    Args:
        network: The network.
        conditions: The bounds of the samples.
        mean: Estimate [mmol/gDW/h], shape `[samples, reactions]`, NaN where there is none.
        deviation: Its standard deviation, the same shape.
        own: Fluxes of flux balance analysis, the same shape; computed where not given.
    """
    if not len(mean):
        return np.zeros(tuple(conditions.lower.shape))
    return FluxCompletion(network, conditions, own).complete(mean, deviation)


def _problem(mean: np.ndarray, deviation: np.ndarray, own: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return target and weight of every reaction."""
    held = ~np.isnan(mean)
    values = np.where(held, mean, 0.0)
    size = np.sqrt((values**2).sum(axis=1, keepdims=True) / np.maximum(held.sum(axis=1, keepdims=True), 1))
    size = np.maximum(size, 1e-6)
    spread = np.maximum(np.nan_to_num(deviation), FLOOR * size)
    weight = np.where(held, (size / spread) ** 2, 0.0)
    least = np.where(held, weight, np.inf).min(axis=1, keepdims=True)
    weight = np.where(held, weight, WEAK * np.where(np.isfinite(least), least, 1.0))
    product = np.where(held, weight * values * own, 0.0).sum(axis=1, keepdims=True)
    square = np.where(held, weight * own**2, 0.0).sum(axis=1, keepdims=True)
    scale = np.divide(product, square, out=np.ones_like(square), where=square > 0)
    return np.where(held, values, np.maximum(scale, 0.0) * own), weight
