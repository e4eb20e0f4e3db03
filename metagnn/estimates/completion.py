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
    own = FluxKnowledge.of(network, conditions).own_fluxes(conditions) if own is None else own
    target, weight = _problem(mean, deviation, np.nan_to_num(own))
    lower, upper = conditions.lower, conditions.upper
    widest = [np.minimum(lower.numpy().min(axis=0), network.bounds.lower)]
    widest.append(np.maximum(upper.numpy().max(axis=0), network.bounds.upper))
    layer = PolytopeProjection(network.stoichiometry, *widest)
    found = layer.solve(torch.from_numpy(target), lower, upper, torch.from_numpy(weight))
    return found.fluxes.numpy()


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
