"""MediumPrediction: growth by every member of an ensemble, and what its training minimises."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from metagnn.datasets.flux_batch import FluxBatch
from metagnn.errors import InputError
from metagnn.losses.supervised import masked_mse
from metagnn.models.flux_prediction import FluxPrediction
from metagnn.models.loss_terms import ScaledTerm

SMALLEST_NOISE = 0.02
"""Noise of growth below which a fit is not rewarded further, in units of the spread of growth."""

USUAL_NOISE = 0.15
"""Noise of growth before training, in the same units."""

UPTAKE_NOISE = 0.2
"""Relative noise of measured uptakes."""


@dataclass(frozen=True)
class MediumPrediction(FluxPrediction):
    """Growth of media by the members of an ensemble, in training.

    Attributes:
        members: Growth, shape `[samples, members]` [1/h].
        log_uptakes: Logarithm of the largest uptakes, shape `[samples, members, inputs]`; −inf for what is absent.
        share: How much every sample counts for every member, shape `[samples, members]`: a Bayesian bootstrap.
        log_noise: Logarithm of the noise of growth in units of its spread, shape `[members]`.
        penalty: Minus the logarithm of the prior, shape `[members]`, per training sample.
        inward: Position of every input among the reactions and the sign of a flux into the cell, shape `[2, inputs]`.
    """

    members: Tensor = dataclasses.field(default_factory=lambda: torch.zeros(0))
    log_uptakes: Tensor = dataclasses.field(default_factory=lambda: torch.zeros(0))
    share: Tensor = dataclasses.field(default_factory=lambda: torch.zeros(0))
    log_noise: Tensor = dataclasses.field(default_factory=lambda: torch.zeros(0))
    penalty: Tensor = dataclasses.field(default_factory=lambda: torch.zeros(0))
    inward: Tensor = dataclasses.field(default_factory=lambda: torch.zeros(2, 0, dtype=torch.long))

    def gathered(self, gather: Callable[[Tensor], Tensor]) -> MediumPrediction:
        """See the base class."""
        fluxes, members, share = map(gather, (self.fluxes, self.members, self.share))
        log_uptakes = gather(self.log_uptakes)
        return dataclasses.replace(self, fluxes=fluxes, members=members, share=share, log_uptakes=log_uptakes)


class PosteriorTerm(ScaledTerm):
    """Minus the logarithm of the posterior of every member, per sample, up to a constant.

    Growth has normal errors, whose size every member learns. A measured uptake of what a medium holds is taken for its
    limit.
    """

    def forward(self, prediction: FluxPrediction, batch: FluxBatch) -> Tensor:
        """Compute the sum over the members."""
        if not isinstance(prediction, MediumPrediction):
            raise InputError(f"`prediction` is a {type(prediction).__name__}; expected that of a MediumGNN in training")
        at = prediction.growth_index
        seen = ~torch.isnan(batch.observed[:, at])
        weight = seen.double() if batch.weight is None else batch.weight[:, at] * seen
        share = weight[:, None] * prediction.share
        share = share / share.sum(0).clamp(min=1e-12)
        error = (prediction.members - batch.observed[:, at, None].nan_to_num()) / self.scale[at]
        variance = SMALLEST_NOISE**2 + torch.exp(2 * prediction.log_noise.double())
        likely = (share * (error.square() / variance + variance.log())).sum(0) / 2
        uptakes = self._uptakes(prediction, batch)
        return (likely + uptakes + prediction.penalty).sum()

    def _uptakes(self, prediction: MediumPrediction, batch: FluxBatch) -> Tensor:
        """Misfit of measured uptakes, per sample, shape `[members]`."""
        at, sign = prediction.inward
        measured = batch.observed[:, at] * sign
        limits = prediction.log_uptakes.double()
        usable = (measured > 0)[:, None] & limits.isfinite()
        wanted = torch.where(measured > 0, measured, 1.0).log()[:, None]
        error = torch.where(usable, limits, 0.0) - torch.where(usable, wanted, 0.0)
        return (error / UPTAKE_NOISE).square().sum((0, 2)) / 2 / len(measured)


class GrowthTerm(ScaledTerm):
    """Error of the mean growth of the members."""

    def forward(self, prediction: FluxPrediction, batch: FluxBatch) -> Tensor:
        """Compute the weighted mean of the squared standardised errors."""
        at = [prediction.growth_index]
        weight = None if batch.weight is None else batch.weight[:, at]
        return masked_mse(prediction.fluxes[:, at], batch.observed[:, at], self.scale[at], weight)
