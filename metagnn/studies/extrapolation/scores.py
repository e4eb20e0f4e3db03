"""How well predictions of unseen media agree with what was observed, and how well they keep the laws."""

from __future__ import annotations

import numpy as np

from metagnn.network.metabolic_network import MetabolicNetwork
from metagnn.studies.harness.flux_scores import VARIES, law_scores
from metagnn.training.metrics import r2_per_flux

METRICS = (
    "growth_q2",
    "median_flux_q2",
    "uniform_flux_q2",
    "normalised_error",
    "max_abs_sv",
    "max_bound_violation",
)
"""Every metric, in the order of the tables."""


def score_extrapolation(
    network: MetabolicNetwork, bounds: tuple[np.ndarray, np.ndarray], observed: np.ndarray, predicted: np.ndarray
) -> dict[str, float | None]:
    """Scores of one model on the test media.

    Q² is 1 − Σ(observed − predicted)² / Σ(observed − mean)² with the mean of the test media: none of them was
    trained on, and a model that knew their mean would score 0.

    Args:
        network: The network.
        bounds: Lower and upper bounds of the test media, each `[samples, reactions]` [mmol/gDW/h].
        observed: What was observed, shape `[samples, reactions]`, NaN in columns of reactions that were not
            [mmol/gDW/h].
        predicted: Predictions, the same shape, NaN in columns that the model says nothing about.

    Returns:
        By the names of `METRICS`; None where the model does not predict what the metric needs, or nothing varies.
        `median_flux_q2` and `uniform_flux_q2` are the median and the mean of Q² over the observed fluxes that vary,
        and `normalised_error` is √(Σ(observed − predicted)² / Σ(observed − mean)²) over all of them; 1 is the error
        of their mean. `max_abs_sv` and `max_bound_violation` are the worst of all media [mmol/gDW/h].
    """
    q2 = r2_per_flux(observed, predicted)
    varies = ~np.isnan(observed).any(axis=0) & (observed.std(axis=0) > VARIES)
    scores: dict[str, float | None] = dict.fromkeys(METRICS)
    scores["growth_q2"] = _number(q2[network.reaction_index(network.growth_reaction)])
    if varies.any() and not np.isnan(predicted[:, varies]).any():
        seen = observed[:, varies]
        error, spread = np.square(seen - predicted[:, varies]).sum(), np.square(seen - seen.mean(axis=0)).sum()
        scores |= {
            "median_flux_q2": float(np.median(q2[varies])),
            "uniform_flux_q2": float(np.mean(q2[varies])),
            "normalised_error": float(np.sqrt(error / spread)),
        }
    if not np.isnan(predicted).any():
        scores |= law_scores(network, bounds, predicted)
    return scores


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
