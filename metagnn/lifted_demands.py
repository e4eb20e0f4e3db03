"""Lift the demands inside the cell, such as ATP maintenance, where measured fluxes cannot be reached under them."""

from __future__ import annotations

import dataclasses
import warnings

import numpy as np
import torch

from metagnn.datasets.flux_batch import FluxBatch
from metagnn.estimates.completion import complete_fluxes
from metagnn.estimates.relative_error import normalised_error
from metagnn.predictor_setup import PredictorSetup, SampleTables

TRIED = 40
"""Most samples that are tried, evenly spread; each costs two quadratic programs."""

FAR = 0.05
"""Error of the nearest feasible fluxes up to which the demands are kept: noise alone leaves as much."""

HOPELESS = 0.5
"""Error without the demands from which they are not what stands between the media and the targets."""

WORTH = 0.01
"""What lifting must take off that error to be worth giving up a law of the model."""


class LiftedDemandsWarning(UserWarning):
    """The measured fluxes cannot be reached under the demands of the model, which were lifted."""


def lift_where_needed(
    setup: PredictorSetup, samples: FluxBatch, tables: SampleTables
) -> tuple[PredictorSetup, FluxBatch]:
    """Return the setup with the demands lifted if the targets need it, and its samples; else both as they are.

    Args:
        setup: What the predictor is made with; nothing is lifted unless its constraint leaves it to the data.
        samples: The samples, read with it.
        tables: Where they came from.
    """
    if setup.constraint.energy != "auto":
        return setup, samples
    lifted = dataclasses.replace(setup, lifted=True)
    same = lifted.relaxed.bounds.lower, lifted.relaxed.bounds.upper
    before = setup.relaxed.bounds.lower, setup.relaxed.bounds.upper
    if all(np.array_equal(one, other) for one, other in zip(same, before, strict=True)):
        return setup, samples
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        others = lifted.read_samples(tables)
    seen = torch.nonzero((~torch.isnan(samples.observed)).any(-1)).squeeze(-1)
    tried = seen[:: max(1, -(-len(seen) // TRIED))]
    kept, free = (_misfit(own, batch.rows(tried)) for own, batch in ((setup, samples), (lifted, others)))
    if kept <= FAR or not free < min(kept - WORTH, HOPELESS):
        return setup, samples
    said = "no flux of the model at all" if np.isinf(kept) else f"its nearest fluxes leave an error of {kept:.2g}"
    warnings.warn(
        f"under the demands of {setup.network.id} (ATP maintenance and the like) "
        f"{'some rows have ' + said if np.isinf(kept) else said}, without them {free:.2g}: they were lifted; "
        "give the constraint `energy='model'` to keep them",
        LiftedDemandsWarning,
        stacklevel=5,
    )
    return lifted, others


def _misfit(setup: PredictorSetup, samples: FluxBatch) -> float:
    """Error of the feasible fluxes nearest to the targets; infinite where a sample has none."""
    observed = samples.observed.numpy()
    scale = samples.scale(growth_index=setup.relaxed.reaction_index(setup.network.growth_reaction)).numpy()
    deviation = np.where(np.isnan(observed), np.nan, scale)
    nearest = complete_fluxes(setup.relaxed, samples.conditions, observed, deviation)
    return np.inf if np.isnan(nearest).any() else normalised_error(nearest, observed)
