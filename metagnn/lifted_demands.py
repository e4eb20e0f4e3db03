"""Lift the demands inside the cell, such as ATP maintenance, where measured fluxes cannot be reached under them."""

from __future__ import annotations

import dataclasses
import warnings

import numpy as np
import torch

from metagnn.datasets.flux_batch import FluxBatch
from metagnn.estimates.completion import complete_fluxes
from metagnn.estimates.relative_error import sample_errors
from metagnn.predictor_setup import PredictorSetup, SampleTables

TRIED = 40
"""Most samples that are tried, evenly spread; each costs two quadratic programs."""

FAR = 0.05
"""Error of the nearest feasible fluxes up to which the demands are kept: noise alone leaves as much."""

FAR_SAMPLE = 0.15
"""The same error of a single sample."""

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
    far = bool(kept.mean() > FAR and free.mean() < kept.mean() - WORTH)
    # Samples of slow growth cannot pay for a demand that all others can.
    some = kept.max() > FAR_SAMPLE and free.max() < kept.max() / 2
    if not (far or some) or not free.mean() < HOPELESS:
        return setup, samples
    names = f"the demands of {setup.network.id} (ATP maintenance and the like)"
    if np.isinf(kept).any():
        said = f"no flux of the model meets {names} in {np.isinf(kept).sum()} of {len(kept)} rows"
    else:
        least = [float(errors.mean() if far else errors.max()) for errors in (kept, free)]
        worst = "" if far else " at worst"
        said = f"under {names} the nearest fluxes are {least[0]:.2g} off{worst}, without them {least[1]:.2g}"
    warnings.warn(
        f"{said}: they were lifted; give the constraint `energy='model'` to keep them",
        LiftedDemandsWarning,
        stacklevel=5,
    )
    return lifted, others


def _misfit(setup: PredictorSetup, samples: FluxBatch) -> np.ndarray:
    """Errors of the feasible fluxes nearest to the targets, by sample; infinite where one has none."""
    observed = samples.observed.numpy()
    scale = samples.scale(growth_index=setup.relaxed.reaction_index(setup.network.growth_reaction)).numpy()
    deviation, conditions = np.where(np.isnan(observed), np.nan, scale), samples.conditions
    if conditions.measured is not None and conditions.deviation is not None:
        # What was measured happened, as the targets did.
        rates = np.isnan(observed)
        observed = np.where(rates, conditions.measured.numpy(), observed)
        deviation = np.where(rates, conditions.deviation.numpy(), deviation)
    nearest = complete_fluxes(setup.relaxed, conditions, observed, deviation)
    errors: np.ndarray = np.nan_to_num(sample_errors(nearest, observed), nan=np.inf)
    return errors
