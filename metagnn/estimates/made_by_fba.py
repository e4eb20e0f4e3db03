"""Whether observed fluxes are labels that flux balance analysis made."""

from __future__ import annotations

import dataclasses

import numpy as np

from metagnn.datasets.flux_batch import FluxBatch
from metagnn.estimates.flux_knowledge import FluxKnowledge, exchanges_of
from metagnn.fba.label_simulator import LabelSimulator
from metagnn.network.conditions import Conditions
from metagnn.network.knockout import Knockouts
from metagnn.network.metabolic_network import MetabolicNetwork
from metagnn.optimize.linear_program import OPTIMAL

MOST_ROWS = 24
"""Rows that are compared: cells agree with an optimum by chance in none of them."""

FEWEST_ROWS = 3

CLOSE = 1e-4
"""Largest difference between a label and flux balance analysis, relative to the scale of the row."""

AGREE = 0.9
"""Smallest share of rows, and of the fluxes in them, that agree: a solver may leave some fluxes open."""


def made_by_fba(network: MetabolicNetwork, samples: FluxBatch) -> bool:
    """Return whether labels are those of flux balance analysis of the same media.

    Growth must be the optimum, where it was observed; other fluxes must be the minimum-norm or the parsimonious ones,
    or, where every reaction was observed, some flux of that growth at steady state. Costs the labels of 24 media.

    Args:
        network: The network, with the bounds in use.
        samples: Conditions and observed fluxes, NaN for gaps.
    """
    observed = samples.observed.numpy().astype(np.float64)
    rows = np.flatnonzero(~np.isnan(observed).all(axis=1))
    if len(rows) < FEWEST_ROWS or not exchanges_of(network, samples.conditions):
        return False
    rows = rows[np.unique(np.linspace(0, len(rows) - 1, min(MOST_ROWS, len(rows))).round().astype(int))]
    observed, conditions = observed[rows], samples.conditions.rows(rows.tolist())
    growth = network.reaction_index(network.growth_reaction)
    grown = observed[:, growth]
    if np.nanmax(np.abs(observed)) <= 0:
        return False
    uptakes = _uptakes(network, conditions, observed)
    for method in ("min_norm", "pfba"):
        fluxes = _label(network, conditions, uptakes, method)
        solved = ~np.isnan(fluxes).any(axis=1)
        seen = solved & ~np.isnan(grown)
        if solved.mean() < AGREE or (seen.any() and not _optimal(grown[seen], fluxes[seen, growth])):
            return False
        if _agrees(observed[solved], fluxes[solved], growth):
            return True
    return _balanced(network, observed) and not np.isnan(grown).all()


def _uptakes(network: MetabolicNetwork, conditions: Conditions, observed: np.ndarray) -> np.ndarray:
    """Largest uptakes of the samples; of measured rates, what the labels themselves take up."""
    knowledge = FluxKnowledge.of(network, conditions)
    limits = knowledge.uptakes(conditions)
    if conditions.measured is None:
        return limits
    labels = dataclasses.replace(conditions, measured=conditions.measured.new_tensor(observed))
    return knowledge.uptakes(labels)


def _label(network: MetabolicNetwork, conditions: Conditions, uptakes: np.ndarray, method: str) -> np.ndarray:
    knockouts = Knockouts.from_mask(conditions.closed, len(uptakes))
    names = exchanges_of(network, conditions)
    fluxes, status = LabelSimulator(network, names, method).solve(uptakes, knockouts=knockouts)
    fluxes[[text != OPTIMAL for text in status]] = np.nan
    return fluxes


def _optimal(grown: np.ndarray, best: np.ndarray) -> bool:
    return bool((np.abs(grown - best) <= CLOSE * np.maximum(np.abs(best).max(), 1e-9)).mean() >= AGREE)


def _agrees(observed: np.ndarray, fluxes: np.ndarray, growth: int) -> bool:
    """Whether the observed fluxes are these; growth by itself has been compared."""
    seen = ~np.isnan(observed)
    scale = np.abs(np.where(seen, observed, 0.0)).max(axis=1, keepdims=True)
    close = np.abs(observed - fluxes) <= CLOSE * np.maximum(scale, 1e-9)
    # What is zero in both says little.
    counted = seen & ((np.abs(np.nan_to_num(observed)) > CLOSE * scale) | (np.abs(fluxes) > CLOSE * scale))
    counted[:, growth] |= seen[:, growth]
    return bool(counted.any() and (close & counted).sum() >= AGREE * counted.sum())


def _balanced(network: MetabolicNetwork, observed: np.ndarray) -> bool:
    """Whether every reaction was observed, at steady state."""
    if np.isnan(observed).any():
        return False
    imbalance = np.abs(network.stoichiometry.to_scipy() @ observed.T).max(initial=0.0)
    return bool(imbalance <= CLOSE * max(1.0, np.abs(observed).max()))
