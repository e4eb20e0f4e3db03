"""The loss of any balance: mass, carbon, nitrogen, charge or electrons."""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn

from metagnn._typing import GivenFluxes, GivenImbalance, Scalar
from metagnn.network.incidence import Incidence
from metagnn.network.precision import as_floating, working


class BalanceLoss(nn.Module):
    r"""Mean squared imbalance, $\mathrm{mean}\,(A v)^2$ over samples and rows [(mmol/gDW/h)²].

    With S it is the steady-state penalty of Kusters, "Metabolically constrained neural networks for bioprocess
    optimization" (Eq. 2); with the carbon or nitrogen row, the element penalties of its Eq. 1.

    Args:
        incidence: The operator A.
    """

    def __init__(self, incidence: Incidence) -> None:
        super().__init__()
        # Copy, so that moving the loss to a device does not move the network's operator.
        self.incidence = copy.deepcopy(incidence)

    def forward(self, fluxes: GivenFluxes, correction: GivenImbalance | None = None) -> Scalar:
        """Compute the loss.

        Args:
            fluxes: Fluxes, shape `[..., reactions]` [mmol/gDW/h].
            correction: Added to the balances, shape `[..., balances]` [mmol/gDW/h]: the difference that a biomass
                column other than that of A makes.
        """
        fluxes = as_floating("fluxes", fluxes)
        dtype = fluxes.dtype if correction is None else torch.promote_types(fluxes.dtype, correction.dtype)
        # Square half precision in float32: 300² exceeds the largest float16.
        imbalance: Tensor = self.incidence(working(fluxes))
        if correction is not None:
            imbalance = imbalance + correction
        return imbalance.square().mean().to(dtype)
