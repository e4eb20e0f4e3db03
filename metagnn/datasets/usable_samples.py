"""Select the samples of a table that a model can learn from."""

from __future__ import annotations

import warnings

import numpy as np
import torch

from metagnn.datasets.flux_batch import FluxBatch
from metagnn.errors import TableError
from metagnn.fba.feasibility import FeasibilityScreen

FEWEST_SAMPLES = 5
"""Fewest samples that define a spread of the fluxes, and thus a loss."""


def usable_samples(screen: FeasibilityScreen, samples: FluxBatch) -> FluxBatch:
    """Return the feasible samples with an observed target; warn about the others.

    Args:
        screen: Feasibility screen of the network.
        samples: All samples; one with only zero weights counts as without a target.

    Raises:
        TableError: Too few samples are left.
    """
    observed = ~torch.isnan(samples.observed)
    if samples.weight is not None:
        observed &= samples.weight > 0
    seen = observed.any(-1).numpy()
    feasible = screen.feasible(samples.conditions.lower.numpy(), samples.conditions.upper.numpy())
    kept = seen & feasible
    if not kept.all():
        warnings.warn(
            f"{(~kept).sum()} of {len(kept)} rows are left out: {(~feasible).sum()} are infeasible, "
            f"{(feasible & ~seen).sum()} more have no observed target",
            stacklevel=5,
        )
    if kept.sum() < FEWEST_SAMPLES:
        usable = f"{kept.sum()} of {len(kept)} rows can be used (feasible, with a target)"
        raise TableError(f"{usable}; expected at least {FEWEST_SAMPLES}")
    return samples.rows(torch.from_numpy(np.flatnonzero(kept)))
