"""CorrectedEstimate: a simple estimate, corrected by a graph network as far as that helps, as fluxes that balance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from metagnn.estimates.completion import complete_fluxes
from metagnn.estimates.flux_estimate import FluxEstimate
from metagnn.network.conditions import Conditions
from metagnn.network.metabolic_network import MetabolicNetwork


@dataclass(frozen=True, eq=False)
class CorrectedEstimate:
    r"""Fluxes $P(s + c (g - s))$ and measurements $k v$: estimate $s$, graph network $g$, shares $c$, gains $k$.

    $P$ is the nearest flux at steady state and within the bounds, weighted by how sure the estimate is of every flux.

    Attributes:
        estimate: The simple estimate.
        shares: Share of the graph network in every flux, shape `[reactions]`; zero where it does not help.
        gains: What a measurement shows of its flux, shape `[reactions]`; 1 where it closes with the others.
        errors: Errors on the training samples, and on those left out, of the estimate, of the graph network and of
            the prediction.
    """

    estimate: FluxEstimate
    shares: np.ndarray
    gains: np.ndarray
    errors: pd.DataFrame

    @property
    def needs_network(self) -> bool:
        """Whether the graph network has a part in the prediction."""
        return bool(self.shares.any())

    def targets(
        self, conditions: Conditions, learned: np.ndarray | None, own: np.ndarray | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """What is thought of every measured flux before it is made to balance, and its deviation [mmol/gDW/h].

        Args:
            conditions: What is known of the samples.
            learned: What the graph network says of them, shape `[samples, reactions]`; None where it has no part.
            own: What flux balance analysis says of them; computed where not given.

        Returns:
            Both of shape `[samples, reactions]`, NaN where nothing is thought: the rest follows from the network.
        """
        if own is None:
            own = self.estimate.knowledge.own_fluxes(conditions)
        mean, deviation = self.estimate.predict_from(conditions, own)
        if learned is not None and self.needs_network:
            mean = np.where(np.isnan(learned), mean, mean + self.shares * (learned - mean))
        mean, deviation = mean / self.gains, deviation / self.gains
        if conditions.measured is not None and conditions.deviation is not None:
            rates, spread = conditions.measured.numpy(), conditions.deviation.numpy()
            given = np.isnan(mean) & ~np.isnan(rates)
            mean, deviation = np.where(given, rates, mean), np.where(given, spread, deviation)
        return mean, deviation

    def fluxes(self, network: MetabolicNetwork, conditions: Conditions, learned: np.ndarray | None) -> np.ndarray:
        """Predict every flux, shape `[samples, reactions]` [mmol/gDW/h]; NaN where no flux satisfies a sample.

        Args:
            network: The network.
            conditions: What is known of the samples.
            learned: What the graph network says of them; None where it has no part.
        """
        own = self.estimate.knowledge.own_fluxes(conditions)
        return complete_fluxes(network, conditions, *self.targets(conditions, learned, own), own)

    def to_arrays(self) -> dict[str, np.ndarray]:
        """All that `from_arrays` needs."""
        return {"shares": self.shares, "gains": self.gains, **self.estimate.to_arrays()}

    @classmethod
    def from_arrays(
        cls, network: MetabolicNetwork, arrays: Mapping[str, np.ndarray], errors: pd.DataFrame
    ) -> CorrectedEstimate:
        """The estimate of a file; a KeyError or ValueError means that it is damaged."""
        rest = dict(arrays)
        shares, gains = rest.pop("shares"), rest.pop("gains")
        expected = (len(network.reactions),)
        if shares.shape != expected or gains.shape != expected or not (gains > 0).all():
            raise ValueError(f"shares of shape {shares.shape} and gains of shape {gains.shape}; expected {expected}")
        return cls(FluxEstimate.from_arrays(network, rest), shares, gains, errors)
