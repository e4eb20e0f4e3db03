"""Choose by trial how strongly the exact layer favours maximal growth."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import torch
from torch import Tensor

from metagnn.datasets.flux_batch import FluxBatch
from metagnn.losses.supervised import masked_mse
from metagnn.models.flux_prediction import FluxPrediction
from metagnn.network.conditions import Conditions

DRIVES = (0.0, 1e1, 1e2, 1e3)
"""Drives to try, in units of the scale of growth: from none to flux balance analysis. Larger ones lose digits."""

AS_GOOD = 1.1
"""An error at most this many times the smallest counts as no worse."""

ROUNDING = 1e-10
"""Squared error, in units of the spread, below which errors differ by rounding only."""


@runtime_checkable
class GrowthDriven(Protocol):
    """A model whose exact layer may favour growth."""

    growth_drive: Tensor

    def __call__(self, conditions: Conditions) -> FluxPrediction:
        """Predict fluxes."""


def fit_growth_drive(model: GrowthDriven, samples: FluxBatch, scale: Tensor, most: int = 64) -> dict[float, float]:
    """Choose the growth drive of the exact layer of a "polytope" model and store it in the model.

    The layer returns the feasible flux nearest to the output of the network; with a large drive, the nearest flux of
    maximal growth, which is correct only for cells that grow as fast as they can. Choose the largest drive that fits
    the observed fluxes as well as the best one.

    Args:
        model: A trained model in evaluation mode.
        samples: The training samples.
        scale: Spread of every flux, shape `[reactions]` [mmol/gDW/h].
        most: Largest number of samples to try the drives on.

    Returns:
        The error at every drive.
    """
    chosen = samples.rows(torch.linspace(0, len(samples) - 1, min(most, len(samples))).round().to(torch.int64))
    answers = {}
    for drive in DRIVES:
        model.growth_drive.fill_(drive)
        with torch.no_grad():
            answers[drive] = model(chosen.conditions).fluxes
    # A sample that no drive solves has no feasible flux: leave it out.
    solved = {drive: ~torch.isnan(fluxes).any(-1) for drive, fluxes in answers.items()}
    feasible = torch.stack(list(solved.values())).any(0)
    observed = torch.where(feasible[:, None], chosen.observed, torch.nan)
    errors = {}
    for drive, fluxes in answers.items():
        # Reject a drive that leaves any other sample unsolved.
        complete = torch.equal(solved[drive], feasible)
        errors[drive] = float(masked_mse(fluxes, observed, scale, chosen.weight)) if complete else torch.inf
    good = max(AS_GOOD * min(errors.values()), ROUNDING)
    model.growth_drive.fill_(max(drive for drive, error in errors.items() if error <= good))
    return errors
