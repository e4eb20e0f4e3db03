"""Give groups of reactions their part in the splitting: averages of what their members bring."""

from __future__ import annotations

import torch
from torch import Tensor

from metagnn._typing import GivenFluxes, GivenMetric
from metagnn.nn.reaction_groups import ReactionGroups
from metagnn.nn.splitting import SplittingParameters


def group_parameters(groups: ReactionGroups, parameters: SplittingParameters) -> SplittingParameters:
    """Average parameters of reactions in the metric of their scales.

    Args:
        groups: The groups.
        parameters: Parameters of the reactions; distances are measured in `scale`.
    """
    weight = parameters.scale.pow(-2)
    scale = groups.weights(weight).rsqrt()
    return SplittingParameters(
        scale=scale,
        drive=groups.means(parameters.drive * parameters.scale, weight) / scale,
        shrinkage=groups.averages(parameters.shrinkage, weight),
        start=groups.means(parameters.start, weight),
    )


def group_measurements(
    groups: ReactionGroups, measured: GivenFluxes, deviation: GivenFluxes, trust: GivenMetric, scale: GivenMetric
) -> tuple[Tensor, Tensor]:
    """Return the measured fluxes of groups, and their precisions in the splitting, 0 where nothing was measured.

    Args:
        groups: The groups.
        measured: Measured fluxes, NaN where there is none, shape `[samples, reactions]`.
        deviation: Their standard deviations, the same shape and unit.
        trust: Weight of the measurements of every reaction, shape `[reactions]`.
        scale: Scale of every flux, shape `[reactions]`.

    Returns:
        Both of shape `[samples, groups]`.
    """
    weight = scale.pow(-2)
    # Masked before the division: a NaN times zero would poison the gradient.
    missing = torch.isnan(measured) | torch.isnan(deviation)
    spread = torch.where(missing, torch.inf, deviation).to(weight.dtype)
    precision = spread.pow(-2) * (trust / weight)
    pull = groups.means(precision * measured.to(weight.dtype).nan_to_num(), weight)
    total = groups.averages(precision, weight)
    return pull / torch.where(total > 0, total, 1.0), total
