"""Which samples of a table a model can learn from."""

from __future__ import annotations

import warnings

import numpy as np
import torch

from metagnn.datasets.flux_batch import FluxBatch
from metagnn.errors import TableError
from metagnn.fba.feasibility import FeasibilityScreen

FEWEST_SAMPLES = 5
"""Samples without which a spread of the fluxes, and so a loss, means nothing."""


def usable_samples(screen: FeasibilityScreen, samples: FluxBatch) -> FluxBatch:
    """Samples that some flux can satisfy and that have an observed target; the others are counted in a warning.

    Args:
        screen: That of the network.
        samples: All samples; one whose every weight is 0 counts as one without an observed target.

    Raises:
        TableError: Too few are left.
    """
    observed = ~torch.isnan(samples.observed)
    if samples.weight is not None:
        observed &= samples.weight > 0
    seen = observed.any(-1).numpy()
    feasible = screen.feasible(samples.conditions.lower.numpy(), samples.conditions.upper.numpy())
    kept = seen & feasible
    if not kept.all():
        warnings.warn(
            f"{(~kept).sum()} of {len(kept)} rows are left out: {(~feasible).sum()} that no flux can satisfy, "
            f"{(feasible & ~seen).sum()} more without an observed target",
            stacklevel=5,
        )
    if kept.sum() < FEWEST_SAMPLES:
        usable = f"{kept.sum()} of {len(kept)} rows can be used (feasible, with a target)"
        raise TableError(f"{usable}; expected at least {FEWEST_SAMPLES}")
    return samples.rows(torch.from_numpy(np.flatnonzero(kept)))
