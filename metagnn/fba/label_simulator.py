"""Label media within the stated bounds, by solvers that see no bound where ±1000 means none."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from metagnn.fba.flux_simulator import FluxSimulator
from metagnn.network.bounds import FluxBounds, without_limits
from metagnn.network.knockout import Knockouts
from metagnn.network.metabolic_network import MetabolicNetwork
from metagnn.optimize.linear_program import INFEASIBLE, OPTIMAL, UNBOUNDED
from metagnn.progress import Report

LARGEST_UPTAKE = 1e5
"""Larger uptakes are cut to this [mmol/gDW/h]: no flux comes near it, and solvers lose digits."""


class LabelSimulator:
    """A solver of media in batches; labels do not depend on the number that a model writes for "unbounded".

    Bounds that stand for none are infinite to a first simulator. Its label is right wherever it keeps the bounds as
    they are stated: the wider problem has no better one. Where it does not, or growth has no limit (a model whose
    nutrients are all open at 1000), a second simulator solves within the stated bounds. Threads can share one.

    Args:
        network: The network.
        names: Exchanges whose uptake varies, one per column of the uptakes.
        method: "min_norm", "pfba" or "fba".

    Raises:
        InputError: An unknown method.
        NetworkError: No growth reaction.
    """

    def __init__(self, network: MetabolicNetwork, names: Sequence[str], method: str = "min_norm") -> None:
        self._network, self._names, self._method = network, list(names), method
        stated, further = network.bounds, network.further_constraints
        bounds = without_limits(stated.lower, stated.upper, further.unlimited(stated))
        for opened_side, side in zip(bounds, (stated.lower, stated.upper), strict=True):
            # A slack has units of its own: 1000 is a limit there.
            opened_side[further.columns] = side[further.columns]
        opened = dataclasses.replace(network, bounds=FluxBounds(network.reactions, *bounds))
        self._open, self._unlimited = FluxSimulator(opened, names, method), False
        self._stated: FluxSimulator | None = None

    def solve(
        self, uptakes: np.ndarray, progress: Report | None = None, knockouts: Knockouts | None = None
    ) -> tuple[np.ndarray, list[str]]:
        """Compute the fluxes and the status of every medium.

        Args:
            uptakes: Largest uptakes ≥ 0, shape `[samples, exchanges]` [mmol/gDW/h].
            progress: Called with the number of media done and their total.
            knockouts: Reactions that are knocked out in the samples.

        Returns:
            Fluxes, shape `[samples, reactions]` [mmol/gDW/h], NaN where the status is not "optimal".
        """
        uptakes = np.minimum(uptakes, LARGEST_UPTAKE)
        lower, upper = self._network.uptake_bounds(self._names, uptakes)
        if knockouts is not None:
            knockouts.close(lower, upper)
        fluxes, status = np.full(lower.shape, np.nan), [""] * len(lower)
        report = progress or (lambda done, total: None)

        def label(simulator: FluxSimulator, rows: np.ndarray) -> None:
            decided = len(lower) - sum(not text for text in status)
            fluxes[rows], said = simulator.solve(
                uptakes[rows],
                lambda done, _: report(min(decided + done, len(lower)), len(lower)),
                None if knockouts is None else knockouts.rows(rows),
                (lower[rows], upper[rows]),
            )
            for row, text in zip(rows, said, strict=True):
                status[row] = text

        rows = np.arange(len(lower))
        if not self._unlimited:
            label(self._open, rows[:1])
            # Growth without a limit on one medium is so on every medium that can be met, unless a reaction is missing.
            self._unlimited, rows = UNBOUNDED in status, rows[1:]
        if self._unlimited:
            closed = np.zeros((len(lower), 1), dtype=bool) if knockouts is None else knockouts.closed
            rows = rows[closed[rows].any(axis=1)]
        if len(rows):
            label(self._open, rows)
        left = np.array([row for row in range(len(lower)) if status[row] not in (OPTIMAL, INFEASIBLE)], dtype=np.int64)
        if len(left):
            self._stated = self._stated or FluxSimulator(self._network, self._names, self._method)
            label(self._stated, left)
        return fluxes, status
