"""The biomass column of S as a function of the biomass composition: the one definition that all of metagnn uses."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence

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
"""Fraction of its own value that every coefficient keeps. A coefficient that changed its sign would make biomass give
off a precursor (lysine, say), for which the network has no outlet."""

TOLERANCE = 1e-7
"""Largest error of a content, per unit asked for, that counts as solved."""

RANK_TOLERANCE = 1e-10
"""Singular value, relative to the largest, below which a law repeats others."""

AT_LIMIT = 1e-6
"""Distance to a limit, relative to the coefficient's own value, within which the solver holds a coefficient there."""


class BiomassColumn:
    r"""The coefficients of the growth reaction, $s(\theta) = s_0 + \Delta(\theta)$, for a change θ of the composition.

    "elemental": of all changes that give biomass the contents asked for, Δ is the one of least relative size,
    $\min \sum_i (\Delta_i / s_{0,i})^2$. Every element but C, N, H and O, the charge, and every conserved moiety keep
    their amounts; metabolites that turn over (ATP) keep their coefficients; no coefficient changes its sign. H and O
    follow. Δ is piecewise linear in θ: linear as long as every coefficient keeps a tenth of its own value.

    The parameters are the changes of the carbon, the nitrogen and the electrons of biomass [mmol/gDW]. Where only
    carbon and nitrogen are given, the electrons per carbon (degree of reduction) stay those of the network's own
    biomass; the column is then the same as with three parameters and electrons = γ · carbon. A network whose
    electrons cannot be counted, or whose biomass cannot hold γ, holds H and O instead.

    "precursor": every coefficient is a parameter, as a fraction of its own value, less what would make or use up a
    conserved moiety. "fixed": the network's own column, no parameters.

    Args:
        network: The network.
        composition: "elemental", "precursor" or "fixed".
        moieties: Conserved moieties of the reactions other than growth, one a column, shape `[metabolites, moieties]`.
            Biomass cannot use up what no reaction makes.
        contents: Parameters of an elemental composition: `CONTENTS`, or its first two.

    Attributes:
        own: The network's own column, shape `[metabolites]` [mmol/gDW].
        entries: Positions of its metabolites, shape `[entries]`.
        free: Orthogonal projector onto the changes that keep all moieties, shape `[entries, entries]`.
        changes: What one unit of every parameter does to the column while Δ is linear, shape
            `[metabolites, parameters]`.

    Raises:
        NetworkError: Biomass has no formulas, or one of its contents cannot change alone.
    """

    def __init__(
        self,
        network: MetabolicNetwork,
        composition: str,
        moieties: np.ndarray,
        contents: Sequence[str] = CONTENTS,
    ) -> None:
        growth = network.reaction_index(network.growth_reaction)
        self.own = network.stoichiometry.to_scipy()[:, [growth]].toarray()[:, 0]
        self.entries = np.flatnonzero(self.own)
        self._rows = _independent_rows(moieties[self.entries].T)
        self.free = np.eye(len(self.entries)) - self._rows.T @ self._rows
        self._laws: np.ndarray | None = None
        on_entries = np.zeros((len(self.entries), 0))
        if composition == "precursor":
            on_entries = self.free * self.own[self.entries]
        elif composition == "elemental":
            on_entries, self._laws, self._scale = self._least_changes(network, tuple(contents))
        self.changes = np.zeros((len(self.own), on_entries.shape[1]))
        self.changes[self.entries] = on_entries

    def _least_changes(
        self, network: MetabolicNetwork, contents: tuple[str, ...]
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Changes per unit of every parameter, the laws that they obey, and the scale of every coefficient."""
        own = self.own[self.entries]
        table = [network.metabolite_table[entry] for entry in self.entries]
        # Relative changes: what biomass holds little of changes little. Currency that turns over stays as it is,
        # unless nothing else can change.
        scales = (np.where(_turned_over(table, own), 0.0, np.abs(own)), np.ones(len(own)))
        for laws, wanted in self._ways(network, table, contents):
            for scale in scales:
                least = scale[:, None] * np.linalg.lstsq(laws * scale, wanted, rcond=1e-12)[0]
                wrong = np.abs(laws @ least - wanted).max(axis=0) > TOLERANCE
                if not wrong.any():
                    return least, laws, scale
        raise NetworkError(
            f"the biomass of {network.id} cannot change its {contents[int(np.flatnonzero(wrong)[0])]} alone: its "
            "metabolites tie it to other elements or conserved moieties; choose composition='fixed' or 'precursor'"
        )

    def _ways(
        self, network: MetabolicNetwork, table: Sequence[Metabolite], contents: tuple[str, ...]
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Laws, and what every parameter asks of them: with electrons first, then with H and O held in their place."""
        for balance in contents:
            # Refuses where formulas are missing, and says which.
            network.element_balance(balance)
        present = (*elements_present(table), "charge")
        # Where electrons were not asked for, γ of the network's own biomass says what they are.
        with_electrons = -np.eye(len(CONTENTS))[:, : len(contents)]
        with contextlib.suppress(NetworkError, ZeroDivisionError):
            if contents != CONTENTS:
                network.element_balance("electrons")
                with_electrons[2, 0] = -network.biomass_content("electrons") / network.biomass_content("C")
            held = [element for element in present if element not in ("C", "N", "H", "O")]
            yield self._with_moieties(table, (*CONTENTS, *held), with_electrons)
        if contents != CONTENTS:
            held = [element for element in present if element not in contents]
            yield self._with_moieties(table, (*contents, *held), -np.eye(len(contents)))

    def _with_moieties(
        self, table: Sequence[Metabolite], balances: Sequence[str], wanted: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        laws = np.concatenate([[balance_weights(table, balance) for balance in balances], self._rows])
        return laws, np.concatenate([wanted, np.zeros((len(laws) - len(wanted), wanted.shape[1]))])

    def column_at(self, theta: np.ndarray) -> np.ndarray:
        """The column with another composition, shape `[metabolites]` [mmol/gDW]."""
        return np.asarray(self.own + self.change_at(theta)[0])

    def change_at(self, theta: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Change of the column, and its derivative by every parameter.

        Where no column with the contents asked for keeps all signs, the linear change is returned: its contents are
        right, and some of its coefficients have changed their signs.

        Args:
            theta: Change of every parameter, shape `[parameters]`.

        Returns:
            Shapes `[metabolites]` and `[metabolites, parameters]`.
        """
        linear, own = self.changes @ theta, self.own[self.entries]
        if self._laws is None or (linear[self.entries] / own >= LEAST_LEFT - 1.0).all():
            return linear, self.changes
        moved = np.flatnonzero(self._scale)
        matrix, scale = (self._laws * self._scale)[:, moved], self._scale[moved]
        limit = -(1.0 - LEAST_LEFT) * own[moved] / scale
        # Independent rows only: the solver needs equalities that hold to round-off.
        left, size, _ = np.linalg.svd(matrix, full_matrices=False)
        kept = left[:, size > RANK_TOLERANCE * size.max()].T
        matrix, asked = kept @ matrix, kept @ self._laws @ self.changes[self.entries]
        solution = QuadraticProgram(matrix).solve(
            np.zeros(len(moved)),
            np.where(own[moved] > 0, limit, -np.inf),
            np.where(own[moved] < 0, limit, np.inf),
            asked @ theta,
        )
        if solution.status != OPTIMAL:
            return linear, self.changes
        # The solver says which coefficients its limits hold; the others follow in closed form, to all digits.
        values, slopes = solution.values, np.zeros((len(moved), len(theta)))
        held = np.abs(values - limit) < AT_LIMIT * np.abs(limit)
        inverse = np.linalg.pinv(matrix[:, ~held])
        exact = np.where(held, limit, 0.0)
        exact[~held] = inverse @ (asked @ theta - matrix @ exact)
        slopes[~held] = inverse @ asked
        if np.abs(matrix @ exact - asked @ theta).max() < TOLERANCE:
            values = exact
        change, derivative = np.zeros(len(self.own)), np.zeros((len(self.own), len(theta)))
        change[self.entries[moved]] = scale * values
        derivative[self.entries[moved]] = scale[:, None] * slopes
        return change, derivative


def conserved_moieties(network: MetabolicNetwork, closed: np.ndarray | None = None) -> np.ndarray:
    """Conserved moieties of all reactions but growth, orthonormal, shape `[metabolites, moieties]`.

    Args:
        network: The network.
        closed: Reactions that carry nothing, boolean, shape `[reactions]`: what they would make is conserved too.
    """
    others = np.ones(len(network.reactions), dtype=bool) if closed is None else ~closed
    others[network.reaction_index(network.growth_reaction)] = False
    return null_basis(network.stoichiometry.to_scipy().tocsc()[:, np.flatnonzero(others)].toarray().T)


def _independent_rows(matrix: np.ndarray) -> np.ndarray:
    """Orthonormal rows that span those of a matrix."""
    _, size, right = np.linalg.svd(matrix, full_matrices=False)
    return np.asarray(right[size > RANK_TOLERANCE * size.max(initial=1.0)])


def _turned_over(table: Sequence[Metabolite], column: np.ndarray) -> np.ndarray:
    """Metabolites of which more than a gram passes through a gram of biomass: ATP and the like, no building blocks."""
    masses = np.array([molar_mass(metabolite.formula or {}) or 0.0 for metabolite in table])
    return np.asarray(np.abs(column) * masses / 1000.0 > 1.0)
