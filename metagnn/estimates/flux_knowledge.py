"""FluxKnowledge: what inputs and flux balance analysis say of samples."""

from __future__ import annotations

import dataclasses
import functools
from dataclasses import dataclass

import numpy as np

from metagnn.estimates.known_samples import KnownSamples
from metagnn.fba.label_simulator import LabelSimulator
from metagnn.network.bounds import FluxBounds
from metagnn.network.conditions import Conditions
from metagnn.network.knockout import Knockouts
from metagnn.network.metabolic_network import MetabolicNetwork
from metagnn.optimize.linear_program import OPTIMAL


@dataclass(frozen=True, eq=False)
class FluxKnowledge:
    """Reader of the conditions of samples.

    Attributes:
        network: The network.
        exchanges: Exchanges whose uptakes or rates are inputs.
        measured: Positions of the reactions, exchanges among them, whose measured rates are inputs.
    """

    network: MetabolicNetwork
    exchanges: tuple[str, ...]
    measured: tuple[int, ...] = ()

    @classmethod
    def of(cls, network: MetabolicNetwork, conditions: Conditions) -> FluxKnowledge:
        """Take what the conditions of training samples name."""
        exchanges = exchanges_of(network, conditions)
        if conditions.measured is None:
            return cls(network, exchanges)
        held = np.flatnonzero(~np.isnan(conditions.measured.numpy()).all(axis=0))
        return cls(network, exchanges, tuple(held.tolist()))

    def read(self, conditions: Conditions, fluxes: np.ndarray, positions: np.ndarray) -> KnownSamples:
        """Return what is known of samples.

        Args:
            conditions: The conditions.
            fluxes: Their own fluxes, as `own_fluxes` returns them.
            positions: Positions of the targets.
        """
        network, uptakes, inputs = self.network, self.uptakes(conditions), self.inputs(conditions)
        carbon, electrons = self._contents("C"), self._contents("electrons")
        food = np.where((carbon > 0) & (electrons > 0), carbon, 0.0)
        # Where nothing limits an uptake, count what flux balance analysis takes up.
        at = self._positions
        taken = np.maximum(np.where(self._forward, fluxes[:, at], -fluxes[:, at]), 0.0)
        used = np.where(uptakes >= network.bounds.unlimited, np.nan_to_num(taken), uptakes)
        size = used @ food
        held = used @ np.where(food > 0, electrons, 0.0)
        if not (size > 0).any():
            size = np.ones(len(size))
        growth = fluxes[:, network.reaction_index(network.growth_reaction)]
        per_carbon = [np.divide(part, size, out=np.zeros(len(size)), where=size > 0) for part in (growth, held)]
        descriptors = np.stack([growth, held, *per_carbon], axis=1)
        extra = conditions.features
        features = np.zeros((len(size), 0)) if extra is None else extra.numpy().astype(np.float64)
        return KnownSamples(inputs, size, descriptors, fluxes[:, positions], features)

    def inputs(self, conditions: Conditions) -> np.ndarray:
        """Largest uptakes, and measured rates of what was measured in training, shape `[samples, inputs]`."""
        limits = self._limits(conditions)[:, ~np.isin(self._positions, self.measured)]
        if not self.measured:
            return limits
        if conditions.measured is None:
            rates = np.full((len(limits), len(self.measured)), np.nan)
        else:
            rates = conditions.measured.numpy()[:, list(self.measured)]
        return np.concatenate([limits, rates], axis=1)

    def uptakes(self, conditions: Conditions) -> np.ndarray:
        """Largest uptakes ≥ 0 of the exchanges, shape `[samples, exchanges]` [mmol/gDW/h]: of a rate, what it takes."""
        limits = self._limits(conditions)
        if conditions.measured is None:
            return limits
        rates = conditions.measured.numpy()[:, self._positions]
        taken = np.maximum(np.where(self._forward, rates, -rates), 0.0)
        lower, upper = self.network.bounds.lower[self._positions], self.network.bounds.upper[self._positions]
        stated = np.maximum(np.where(self._forward, upper, -lower), 0.0)
        return np.where(np.isnan(rates), np.minimum(limits, stated), taken)

    def own_fluxes(self, conditions: Conditions) -> np.ndarray:
        """Minimum-norm fluxes of flux balance analysis, shape `[samples, reactions]`; NaN where there are none.

        A sample that cannot meet the network's demands, such as its maintenance, is solved without them.
        """
        uptakes = self.uptakes(conditions)
        knockouts = Knockouts.from_mask(conditions.closed, len(uptakes))
        fluxes, status = self._simulator.solve(uptakes, knockouts=knockouts)
        left = np.flatnonzero([text != OPTIMAL for text in status])
        if len(left):
            fluxes[left] = self._without_demands.solve(uptakes[left], knockouts=knockouts.rows(left))[0]
        return fluxes

    def _limits(self, conditions: Conditions) -> np.ndarray:
        lower, upper = conditions.lower.numpy()[:, self._positions], conditions.upper.numpy()[:, self._positions]
        limits: np.ndarray = np.maximum(np.where(self._forward, upper, -lower), 0.0)
        return limits

    def _contents(self, balance: str) -> np.ndarray:
        """What an uptake of one unit brings in, shape `[exchanges]`."""
        weights = self.network.contents(balance).weights
        brought = np.abs(weights @ self.network.mass_balances()[:, self._positions])
        held: np.ndarray = np.asarray(brought, dtype=np.float64)
        return held

    @functools.cached_property
    def _positions(self) -> np.ndarray:
        return np.array([self.network.reaction_index(name) for name in self.exchanges], dtype=np.int64)

    @functools.cached_property
    def _forward(self) -> np.ndarray:
        forward = dict(zip(self.network.exchanges, self.network.imports_forward.tolist(), strict=True))
        return np.array([forward[name] for name in self.exchanges], dtype=bool)

    @functools.cached_property
    def _simulator(self) -> LabelSimulator:
        return LabelSimulator(self.network, self.exchanges)

    @functools.cached_property
    def _without_demands(self) -> LabelSimulator:
        bounds = self.network.bounds
        lower, upper = np.minimum(bounds.lower, 0.0), np.maximum(bounds.upper, 0.0)
        free = dataclasses.replace(self.network, bounds=FluxBounds(self.network.reactions, lower, upper))
        return LabelSimulator(free, self.exchanges)


def exchanges_of(network: MetabolicNetwork, conditions: Conditions) -> tuple[str, ...]:
    """Exchanges among the reactions that a table of samples names."""
    known = set(network.exchanges)
    return tuple(name for name in conditions.exchanges if name in known)
