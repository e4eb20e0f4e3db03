"""Score predicted fluxes: agreement with the labels, errors against the laws, and their spread over seeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from metagnn.fba.law_errors import law_errors
from metagnn.network.metabolic_network import MetabolicNetwork
from metagnn.training.metrics import r2_per_flux

VARIES = 0.01
"""Standard deviation over the test media above which a flux counts [mmol/gDW/h]."""

UNSEEN_METRICS = (
    "growth_q2",
    "median_flux_q2",
    "uniform_flux_q2",
    "normalised_error",
    "max_abs_sv",
    "max_bound_violation",
)
"""Metrics of `score_unseen`, in the order of the tables."""


def score_fluxes(
    network: MetabolicNetwork, bounds: tuple[np.ndarray, np.ndarray], observed: np.ndarray, predicted: np.ndarray
) -> dict[str, float]:
    """Score complete predictions against complete labels.

    Args:
        network: The network.
        bounds: Lower and upper bounds of the test samples, each `[samples, reactions]` [mmol/gDW/h].
        observed: Labels, shape `[samples, reactions]` [mmol/gDW/h].
        predicted: Predictions, the same shape.

    Returns:
        `growth_r2`, `median_flux_r2` and `q10_flux_r2` over the fluxes that vary, `max_abs_sv` and
        `max_bound_violation` [mmol/gDW/h], and `mean_sv2` over metabolites and media [(mmol/gDW/h)²].
    """
    r2 = r2_per_flux(observed, predicted)
    varying = r2[varying_fluxes(observed)]
    imbalance = network.stoichiometry.to_scipy() @ predicted.T
    return {
        "growth_r2": float(r2[network.reaction_index(network.growth_reaction)]),
        "median_flux_r2": float(np.median(varying)),
        "q10_flux_r2": float(np.quantile(varying, 0.1)),
        "mean_sv2": float(np.square(imbalance).mean()),
        **_law_scores(network, bounds, predicted),
    }


def score_unseen(
    network: MetabolicNetwork, bounds: tuple[np.ndarray, np.ndarray], observed: np.ndarray, predicted: np.ndarray
) -> dict[str, float | None]:
    """Score predictions of media unlike those of the training; labels and predictions may lack reactions.

    Q² is 1 − Σ(observed − predicted)² / Σ(observed − mean)² with the mean of the test media, which no model was
    trained on: a model that predicts exactly that mean scores 0.

    Args:
        network: The network.
        bounds: Lower and upper bounds of the test media, each `[samples, reactions]` [mmol/gDW/h].
        observed: Labels, shape `[samples, reactions]`, NaN in columns that were not observed [mmol/gDW/h].
        predicted: Predictions, the same shape, NaN in columns that the model does not predict.

    Returns:
        By the names of `UNSEEN_METRICS`; None where the model does not predict what the metric needs, or nothing
        varies. `median_flux_q2` and `uniform_flux_q2` are the median and the mean of Q² over the observed fluxes that
        vary; `normalised_error` is √(Σ(observed − predicted)² / Σ(observed − mean)²) over all of them.
        `max_abs_sv` and `max_bound_violation` are the worst of all media [mmol/gDW/h].
    """
    predicted = network.further_constraints.settle(network.stoichiometry.to_scipy(), predicted)
    q2, varies = r2_per_flux(observed, predicted), varying_fluxes(observed)
    growth = float(q2[network.reaction_index(network.growth_reaction)])
    scores: dict[str, float | None] = dict.fromkeys(UNSEEN_METRICS)
    scores["growth_q2"] = None if np.isnan(growth) else growth
    if varies.any() and not np.isnan(predicted[:, varies]).any():
        seen = observed[:, varies]
        error, variation = np.square(seen - predicted[:, varies]).sum(), np.square(seen - seen.mean(axis=0)).sum()
        scores |= {
            "median_flux_q2": float(np.median(q2[varies])),
            "uniform_flux_q2": float(np.mean(q2[varies])),
            "normalised_error": float(np.sqrt(error / variation)),
        }
    if not np.isnan(predicted).any():
        scores |= _law_scores(network, bounds, predicted)
    return scores


def varying_fluxes(observed: np.ndarray) -> np.ndarray:
    """Tell which fluxes are observed in every sample and vary by more than `VARIES`, shape `[reactions]`."""
    varies: np.ndarray = ~np.isnan(observed).any(axis=0) & (observed.std(axis=0) > VARIES)
    return varies


def spread_of(values: Sequence[float | None]) -> dict[str, float | None]:
    """Compute median, smallest and largest value; None for all three if a value is missing."""
    numbers = [value for value in values if value is not None]
    if len(numbers) < len(values) or not numbers:
        return dict.fromkeys(("median", "min", "max"))
    return {"median": float(np.median(numbers)), "min": min(numbers), "max": max(numbers)}


def spread(runs: Sequence[Mapping[str, float | None]]) -> dict[str, dict[str, float | None]]:
    """Compute median, smallest and largest of every score over the runs."""
    return {name: spread_of([run[name] for run in runs]) for name in runs[0]}


def _law_scores(
    network: MetabolicNetwork, bounds: tuple[np.ndarray, np.ndarray], predicted: np.ndarray
) -> dict[str, float]:
    imbalance, violation = law_errors(network.stoichiometry.to_scipy(), predicted, *bounds)
    return {"max_abs_sv": float(imbalance.max()), "max_bound_violation": float(violation.max())}
