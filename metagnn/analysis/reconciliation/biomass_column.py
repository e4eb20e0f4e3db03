"""The biomass column of S with another composition: contents that were asked for, and no coefficient that turns."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from metagnn.errors import NetworkError
from metagnn.network.compression import null_basis
from metagnn.network.elements import Metabolite, balance_weights, elements_present
from metagnn.network.metabolic_network import MetabolicNetwork
from metagnn.optimize.linear_program import OPTIMAL
from metagnn.optimize.quadratic_program import QuadraticProgram
from metagnn.units import molar_mass

CONTENTS = ("C", "N", "electrons")
"""Contents of biomass that an elemental composition changes."""

LEAST_LEFT = 0.1
"""Part of a coefficient that stays at least: lysine that biomass gave off would have nowhere to go."""

TOLERANCE = 1e-7


class BiomassColumn:
    r"""The coefficients of growth, $s = s_0 + \Delta$, with the least relative change that has what is asked for.

    An elemental composition changes carbon, nitrogen and electrons; hydrogen and oxygen follow, since they are what
    a degree of reduction is made of; every other element, the charge and every conserved moiety stay.

    Args:
        network: The network.
        closed: Reactions that carry nothing, boolean, shape `[reactions]`: what they would make is conserved too.
        composition: "elemental", "precursor" (every coefficient is a parameter, relative to its own) or "fixed".

    Raises:
        NetworkError: Biomass has no formulas, or its carbon, nitrogen and electrons cannot change alone.
    """

    def __init__(self, network: MetabolicNetwork, closed: np.ndarray, composition: str) -> None:
        growth = network.reaction_index(network.growth_reaction)
        S = network.stoichiometry.to_scipy().tocsc()
        self.own = S[:, [growth]].toarray()[:, 0]
        self._entries = np.flatnonzero(self.own)
        self._laws: np.ndarray | None = None
        self.changes = np.zeros((len(self.own), 0))
        """What one unit of every parameter does to the column, shape `[metabolites, parameters]`."""
        if composition == "fixed":
            return
        others = ~closed
        others[growth] = False
        # What no reaction can make, biomass cannot need more of.
        moieties = null_basis(S[:, np.flatnonzero(others)].toarray().T)[self._entries].T
        if composition == "precursor":
            free = null_basis(moieties) if len(moieties) else np.eye(len(self._entries))
            self.changes = np.zeros((len(self.own), len(self._entries)))
            self.changes[self._entries] = free @ free.T @ np.diag(self.own[self._entries])
            return
        self._elemental(network, moieties)

    def _elemental(self, network: MetabolicNetwork, moieties: np.ndarray) -> None:
        own = self.own[self._entries]
        table = [network.metabolite_table[entry] for entry in self._entries]
        for balance in CONTENTS:
            # Refuses where formulas are missing, and says which.
            network.element_balance(balance)
        held = [e for e in (*elements_present(table), "charge") if e not in ("C", "N", "H", "O")]
        laws = np.concatenate([[balance_weights(table, balance) for balance in (*CONTENTS, *held)], moieties])
        wanted = np.zeros((len(laws), len(CONTENTS)))
        wanted[: len(CONTENTS)] = -np.eye(len(CONTENTS))
        # Relative changes: what biomass holds little of changes little. Currency that turns over stays as it is.
        for scale in (np.where(_turned_over(table, own), 0.0, np.abs(own)), np.ones(len(own))):
            least = scale[:, None] * np.linalg.lstsq(laws * scale, wanted, rcond=1e-12)[0]
            wrong = np.abs(laws @ least - wanted).max(axis=0) > TOLERANCE
            if not wrong.any():
                break
        else:
            element = CONTENTS[int(np.flatnonzero(wrong)[0])]
            raise NetworkError(
                f"the biomass of {network.id} cannot change its {element} alone: its metabolites tie it to other "
                "elements or conserved moieties; choose composition='fixed' or 'precursor'"
            )
        self.changes = np.zeros((len(self.own), len(CONTENTS)))
        self.changes[self._entries] = least
        self._laws, self._scale = laws, scale

    def at(self, theta: np.ndarray) -> np.ndarray:
        """The column with another composition, shape `[metabolites]` [mmol/gDW].

        The least change may turn a coefficient; then the least one that turns none, with the same contents.
        """
        column = self.own + self.changes @ theta
        own = self.own[self._entries]
        if self._laws is None or (column[self._entries] / own >= LEAST_LEFT).all():
            return np.asarray(column)
        moved = np.flatnonzero(self._scale)
        matrix, scale = (self._laws * self._scale)[:, moved], self._scale[moved]
        lowest = np.where(own[moved] > 0, -(1.0 - LEAST_LEFT) * own[moved] / scale, -np.inf)
        highest = np.where(own[moved] < 0, -(1.0 - LEAST_LEFT) * own[moved] / scale, np.inf)
        target = self._laws @ (self.changes @ theta)[self._entries]
        # Independent rows only: the program is asked for equalities that hold to round-off.
        left, size, _ = np.linalg.svd(matrix, full_matrices=False)
        kept = left[:, size > 1e-10 * size.max()].T
        solution = QuadraticProgram(kept @ matrix).solve(np.zeros(len(moved)), lowest, highest, kept @ target)
        if solution.status != OPTIMAL:
            return np.asarray(column)
        changed = self.own.copy()
        changed[self._entries[moved]] += scale * solution.values
        return np.asarray(changed)


def _turned_over(table: Sequence[Metabolite], column: np.ndarray) -> np.ndarray:
    """Metabolites of which more than a gram passes through a gram of biomass: ATP and the like, no building blocks."""
    masses = np.array([molar_mass(metabolite.formula or {}) or 0.0 for metabolite in table])
    return np.asarray(np.abs(column) * masses / 1000.0 > 1.0)
