"""Violation of bounds by fluxes."""

from __future__ import annotations

import torch

from metagnn._typing import Fluxes, GivenFluxes
from metagnn.network.precision import as_floating


def bound_violation(fluxes: GivenFluxes, lower: GivenFluxes, upper: GivenFluxes) -> Fluxes:
    """Return the distance of every flux to its bounds, zero inside [mmol/gDW/h].

    Use the mean square as a loss, the maximum in a report.

    Args:
        fluxes: Fluxes, shape `[..., reactions]`.
        lower: Lower bounds.
        upper: Upper bounds.

    >>> bound_violation(torch.tensor([2.0, -3.0]), torch.tensor([0.0, -1.0]), torch.tensor([1.0, 1.0])).tolist()
    [1.0, 2.0]
    """
    fluxes = as_floating("fluxes", fluxes)
    return torch.relu(fluxes - upper) + torch.relu(lower - fluxes)
