"""Which samples of a table a model can learn from."""

from __future__ import annotations

import warnings

import numpy as np
import torch

from metagnn._typing import Fluxes
from metagnn.datasets.flux_dataset import FluxBatch
from metagnn.datasets.samples import Conditions
from metagnn.errors import TableError
from metagnn.fba.feasibility import FeasibilityScreen

FEWEST_SAMPLES = 5
"""Samples without which a spread of the fluxes, and so a loss, means nothing."""


def usable_samples(screen: FeasibilityScreen, conditions: Conditions, observed: Fluxes) -> FluxBatch:
    """Samples that some flux can satisfy and that have an observed target; the others are counted in a warning.

    Args:
        screen: That of the network.
        conditions: What the model is told.
        observed: Observed fluxes, shape `[samples, reactions]` [mmol/gDW/h], NaN where nothing was observed.

    Raises:
        TableError: Too few are left.
    """
    seen = ~torch.isnan(observed).all(-1).numpy()
    feasible = screen.feasible(conditions.lower.numpy(), conditions.upper.numpy())
    kept = seen & feasible
    if not kept.all():
        warnings.warn(
            f"{(~kept).sum()} of {len(kept)} rows are left out: {(~feasible).sum()} that no flux can satisfy, "
            f"{(feasible & ~seen).sum()} more without an observed target",
            stacklevel=3,
        )
    if kept.sum() < FEWEST_SAMPLES:
        usable = f"{kept.sum()} of {len(kept)} rows can be used (feasible, with a target)"
        raise TableError(f"{usable}; expected at least {FEWEST_SAMPLES}")
    return FluxBatch(conditions.lower, conditions.upper, observed, conditions.measured, conditions.deviation).rows(
        torch.from_numpy(np.flatnonzero(kept))
    )
