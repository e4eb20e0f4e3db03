"""MediaFeatures: what the network says of a medium before any culture was grown on it."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from metagnn.estimates.media_samples import MediaSamples
from metagnn.fba.open_sources import carbon_sources
from metagnn.network.exchange_search import exchanged_formulas
from metagnn.network.metabolic_network import MetabolicNetwork
from metagnn.optimize.linear_program import OPTIMAL, LinearProgram

USUAL_UPTAKE = 10.0
"""Largest uptake of a nutrient that is in plenty [mmol/gDW/h]."""

PLENTY = 5.0
"""Concentration at which a nutrient is taken up at half of the usual rate: less of it is soon used up [mM]."""

BATCH = 10.0
"""Amount of the most plentiful nutrient in the program of a batch: amounts are scaled, so that no bound of the network
in [mmol/gDW/h] cuts them."""

UNSATURATED = 0.8
"""Double bonds and rings per carbon from which a nutrient with nitrogen counts as a base and not as an amino acid."""

MOST_CARBON = 14.0
"""Carbon atoms of the largest molecule that is counted as an amino acid or a base."""


@dataclass(frozen=True, eq=False)
class MediaFeatures:
    """Computes features of media by linear programs and formulas.

    Carbon sources that the media do not name are closed; salts, water and O2 keep the bounds of the network. No flux is
    forced: maintenance is a property of a culture, and a batch may starve.

    Attributes:
        network: The network.
        amounts: Whether values of media are concentrations [mM], not 1 and 0.
    """

    network: MetabolicNetwork
    amounts: bool

    def read(
        self, exchanges: Sequence[str], values: np.ndarray, names: Sequence[str], further: np.ndarray
    ) -> MediaSamples:
        """Compute what is known of media.

        Args:
            exchanges: Exchanges that the columns of `values` stand for.
            values: Concentrations [mM] or presence, shape `[samples, exchanges]`.
            names: Exchanges of the training media: what else a medium holds counts in the features only.
            further: Further features, shape `[samples, features]`.
        """
        unique, inverse = np.unique(values, axis=0, return_inverse=True)
        main = self.main_sources(exchanges, unique)
        mechanistic = self._mechanistic(exchanges, unique, main)[inverse.reshape(-1)]
        main = main[inverse.reshape(-1)]
        place = {name: column for column, name in enumerate(exchanges)}
        held = np.zeros((len(values), len(names)))
        for column, name in enumerate(names):
            if name in place:
                held[:, column] = values[:, place[name]]
        chief = np.array([[name == exchanges[m] if m >= 0 else False for name in names] for m in main.tolist()])
        return MediaSamples(held, chief.reshape(held.shape), mechanistic, further)

    def main_sources(self, exchanges: Sequence[str], values: np.ndarray) -> np.ndarray:
        """Return the column of the main source of every medium, −1 where none has carbon, shape `[samples]`.

        It is the nutrient with most carbon; where amounts are unknown, the one that growth is fastest on alone.
        """
        share = values * self.contents(exchanges, "C")
        if not self.amounts:
            alone = self._growth(exchanges, USUAL_UPTAKE * np.eye(len(exchanges)))
            # Where nothing feeds alone, carbon decides.
            share = share * 1e-6 + values * np.where(share.any(axis=0), alone, 0.0)
        return np.where(share.max(axis=1, initial=0.0) > 0, share.argmax(axis=1), -1)

    def contents(self, exchanges: Sequence[str], balance: str) -> np.ndarray:
        """Return atoms or electrons per molecule that an exchange carries, 0 where unknown, shape `[exchanges]`."""
        row = self.network.element_balance(balance).to_dense()[0].numpy()
        contents: np.ndarray = np.abs(row[[self.network.reaction_index(name) for name in exchanges]])
        return contents

    def _mechanistic(self, exchanges: Sequence[str], values: np.ndarray, main: np.ndarray) -> np.ndarray:
        present = (values > 0).astype(np.float64)
        chief = np.zeros_like(present)
        held = np.flatnonzero(main >= 0)
        chief[held, main[held]] = 1.0
        carbon, nitrogen = self.contents(exchanges, "C"), self.contents(exchanges, "N")
        electrons = self.contents(exchanges, "electrons")
        uptake = USUAL_UPTAKE * (values / (values + PLENTY) if self.amounts else present)
        acids, bases = self._building_blocks(exchanges)
        growth = self._growth
        parts = [
            growth(exchanges, uptake),
            growth(exchanges, uptake * chief),
            growth(exchanges, uptake * (1.0 - chief)),
            values @ carbon,
            (values * (1.0 - chief)) @ carbon,
            values @ electrons,
            values @ nitrogen,
            present @ acids,
            present @ bases,
        ]
        if self.amounts:
            scale = BATCH / np.maximum(values.max(axis=1, initial=0.0), 1e-9)[:, None]
            parts.append(growth(exchanges, values * scale) / scale[:, 0])
            parts.append(growth(exchanges, values * (1.0 - chief) * scale) / scale[:, 0])
        return np.stack(parts, axis=1)

    def _growth(self, exchanges: Sequence[str], uptakes: np.ndarray) -> np.ndarray:
        """Largest growth within uptakes, 0 where there is none, shape `[samples]` [1/h]."""
        program, network = self._program, self._closed(tuple(exchanges))
        growth = np.zeros(len(uptakes))
        unique, inverse = np.unique(uptakes, axis=0, return_inverse=True)
        lower, upper = network.uptake_bounds(exchanges, unique)
        found = np.zeros(len(unique))
        for row in range(len(unique)):
            if unique[row].any():
                solution = program.solve(lower[row], upper[row])
                found[row] = solution.objective if solution.status == OPTIMAL else 0.0
        growth = found[inverse.reshape(-1)]
        # Round-off of the solver is no growth.
        return np.where(growth > 1e-9, growth, 0.0)

    @functools.cached_property
    def _program(self) -> LinearProgram:
        network = self.network
        objective = np.zeros(len(network.reactions))
        objective[network.reaction_index(network.growth_reaction)] = 1.0
        program = LinearProgram(network.stoichiometry.to_scipy(), objective)
        lower, upper = np.minimum(network.bounds.lower, 0.0), np.maximum(network.bounds.upper, 0.0)
        program.anchor(lower, upper)
        return program

    def _closed(self, exchanges: tuple[str, ...]) -> MetabolicNetwork:
        """The network without forced fluxes, and without carbon sources that no medium names."""
        network = self.network
        lower, upper = np.minimum(network.bounds.lower, 0.0), np.maximum(network.bounds.upper, 0.0)
        forward = dict(zip(network.exchanges, network.imports_forward.tolist(), strict=True))
        for name in carbon_sources(network, list(network.exchanges)):
            at = network.reaction_index(name)
            if name not in exchanges and forward[name]:
                upper[at] = 0.0
            elif name not in exchanges:
                lower[at] = 0.0
        return dataclasses.replace(network, bounds=dataclasses.replace(network.bounds, lower=lower, upper=upper))

    def _building_blocks(self, exchanges: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        """Return flags of small nutrients with nitrogen: amino acids, and bases, by how unsaturated they are."""
        formulas = exchanged_formulas(self.network, exchanges)
        acids, bases = np.zeros(len(exchanges)), np.zeros(len(exchanges))
        for column, name in enumerate(exchanges):
            atoms = formulas[name]
            carbon, nitrogen = atoms.get("C", 0.0), atoms.get("N", 0.0)
            if not 0 < carbon <= MOST_CARBON or not nitrogen or atoms.get("P", 0.0):
                continue
            rings = (2.0 * carbon + 2.0 + nitrogen - atoms.get("H", 0.0)) / 2.0
            flags = bases if rings >= UNSATURATED * carbon else acids
            flags[column] = 1.0
        return acids, bases
