"""How well predicted fluxes agree with the labels, and how well they keep the laws."""

from __future__ import annotations

import numpy as np

from metagnn.fba.law_errors import law_errors
from metagnn.network.metabolic_network import MetabolicNetwork
from metagnn.training.metrics import r2_per_flux

VARIES = 0.01
"""Standard deviation over the test media above which a flux counts [mmol/gDW/h]."""


def score_fluxes(
    network: MetabolicNetwork, bounds: tuple[np.ndarray, np.ndarray], observed: np.ndarray, predicted: np.ndarray
) -> dict[str, float]:
    """Scores of one run.

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
    varying = r2[observed.std(axis=0) > VARIES]
    imbalance = network.stoichiometry.to_scipy() @ predicted.T
    return {
        "growth_r2": float(r2[network.reaction_index(network.growth_reaction)]),
        "median_flux_r2": float(np.median(varying)),
        "q10_flux_r2": float(np.quantile(varying, 0.1)),
        "mean_sv2": float(np.square(imbalance).mean()),
        **law_scores(network, bounds, predicted),
    }


def law_scores(
    network: MetabolicNetwork, bounds: tuple[np.ndarray, np.ndarray], predicted: np.ndarray
) -> dict[str, float]:
    """The worst `max_abs_sv` and `max_bound_violation` of all samples [mmol/gDW/h].

    Args:
        network: The network.
        bounds: Lower and upper bounds, each `[samples, reactions]` [mmol/gDW/h].
        predicted: Predictions, the same shape.
    """
    imbalance, violation = law_errors(network.stoichiometry.to_scipy(), predicted, *bounds)
    return {"max_abs_sv": float(imbalance.max()), "max_bound_violation": float(violation.max())}
