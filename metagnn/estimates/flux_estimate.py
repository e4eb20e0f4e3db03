"""FluxEstimate: a simple estimate of measured fluxes, chosen on groups left out."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from metagnn.datasets.flux_batch import FluxBatch
from metagnn.errors import FolderError, InputError
from metagnn.estimates.choice import ChosenEstimate, choose_estimate
from metagnn.estimates.flux_candidates import OUTSIDE, flux_candidates
from metagnn.estimates.flux_knowledge import FluxKnowledge
from metagnn.network.conditions import Conditions
from metagnn.network.metabolic_network import MetabolicNetwork

FEWEST_ROWS = 3
"""Rows left out from which on their errors say how sure every target is."""


@dataclass(frozen=True, eq=False)
class FluxEstimate:
    """A chosen estimate of the reactions that were observed.

    Attributes:
        knowledge: Reader of conditions.
        positions: Positions of the reactions that were observed, shape `[targets]`.
        chosen: The estimate.
    """

    knowledge: FluxKnowledge
    positions: np.ndarray
    chosen: ChosenEstimate

    def predict(self, conditions: Conditions) -> tuple[np.ndarray, np.ndarray]:
        """Return mean and deviation [mmol/gDW/h], each `[samples, reactions]`; NaN where nothing was observed."""
        return self.predict_from(conditions, self.knowledge.own_fluxes(conditions))

    def predict_from(self, conditions: Conditions, own: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """As `predict`, with the own fluxes of the samples, `[samples, reactions]`, where they are at hand."""
        known = self.knowledge.read(conditions, own, self.positions)
        guess = self.chosen.predict(known)
        mean = np.full(tuple(conditions.lower.shape), np.nan)
        deviation = mean.copy()
        mean[:, self.positions] = guess.mean
        deviation[:, self.positions] = self._shared_out(guess.deviation)
        return mean, deviation

    def _shared_out(self, deviation: np.ndarray) -> np.ndarray:
        """Give every target the part of a sample's deviation that its errors on rows left out have.

        How large errors are in a sample, as one outside of the training, the estimate says itself; how they spread over
        the targets, the rows left out say better.
        """
        total = np.sqrt(np.mean(deviation**2, axis=1, keepdims=True)) if deviation.size else deviation
        part = self._part_of_targets
        return deviation if part is None else total * part

    @functools.cached_property
    def _part_of_targets(self) -> np.ndarray | None:
        """Deviation of every target on rows left out, per size, with a mean square of 1; None where there is none."""
        chosen = self.chosen
        size = np.where(chosen.known.size > 0, chosen.known.size, np.nan)[:, None]
        square = ((chosen.left_out - chosen.observed) / size) ** 2
        seen = np.isfinite(square)
        mean = np.where(seen, square, 0.0).sum(axis=0) / np.maximum(seen.sum(axis=0), 1)
        if not mean.any() or seen.sum(axis=0).min() < FEWEST_ROWS:
            return None
        part: np.ndarray = np.sqrt(mean / mean.mean())
        return part

    def to_arrays(self) -> dict[str, np.ndarray]:
        """Return what `from_arrays` needs beside the network, as arrays of numbers."""
        network = self.knowledge.network
        exchanges = np.array([network.reaction_index(name) for name in self.knowledge.exchanges], dtype=np.int64)
        further = np.array(self.knowledge.measured, dtype=np.int64)
        arrays = {"positions": self.positions, "exchanges": exchanges, "measured": further}
        return arrays | {f"chosen.{name}": values for name, values in self.chosen.to_arrays().items()}

    @classmethod
    def from_arrays(cls, network: MetabolicNetwork, arrays: Mapping[str, np.ndarray]) -> FluxEstimate:
        """Rebuild from what `to_arrays` returned.

        Raises:
            FolderError: An array is missing or does not fit the network.
        """
        try:
            positions, exchanges, further = (np.asarray(arrays[n]) for n in ("positions", "exchanges", "measured"))
            names = tuple(network.reactions[place] for place in exchanges.tolist())
        except (KeyError, IndexError) as error:
            raise FolderError(f"a saved estimate lacks {error}; train again") from error
        held = {name.removeprefix("chosen."): v for name, v in arrays.items() if name.startswith("chosen.")}
        chosen = ChosenEstimate.from_arrays(held, flux_candidates())
        return cls(FluxKnowledge(network, names, tuple(further.tolist())), positions, chosen)


def fit_flux_estimate(network: MetabolicNetwork, samples: FluxBatch, groups: np.ndarray | None = None) -> FluxEstimate:
    """Choose and fit a simple estimate of observed fluxes.

    Args:
        network: The network, with the bounds in use.
        samples: Conditions and observed fluxes, NaN for gaps.
        groups: Group of every sample, such as its carbon source: the choice leaves whole groups out.

    Raises:
        InputError: Nothing was observed, or groups of another shape.
    """
    observed = samples.observed.numpy().astype(np.float64)
    positions = np.flatnonzero(~np.isnan(observed).all(axis=0))
    if not len(positions):
        raise InputError("`samples` holds no observed flux; expected at least one number")
    knowledge = FluxKnowledge.of(network, samples.conditions)
    known = knowledge.read(samples.conditions, knowledge.own_fluxes(samples.conditions), positions)
    weight = None if samples.weight is None else samples.weight.numpy()[:, positions]
    targets, candidates = observed[:, positions], flux_candidates()
    chosen = choose_estimate(candidates, known, targets, weight, groups, relative=True, outside=OUTSIDE)
    return FluxEstimate(knowledge, positions, chosen)
