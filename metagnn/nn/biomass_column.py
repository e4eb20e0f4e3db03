"""Biomass column of S as a function of the biomass composition, used everywhere in metagnn."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from functools import cached_property

import numpy as np

from metagnn.errors import NetworkError
from metagnn.network.elements import ELECTRON_WEIGHTS, Metabolite, elements_present
from metagnn.network.metabolic_network import MetabolicNetwork
from metagnn.network.null_space import sparse_null_basis
from metagnn.optimize.linear_program import OPTIMAL
from metagnn.optimize.quadratic_program import QuadraticProgram
from metagnn.units import molar_mass

CONTENTS = ("C", "N", "electrons")
"""Contents of biomass that an elemental composition changes."""

LEAST_LEFT = 0.1
"""Smallest fraction of its initial value that a coefficient may take. With a changed sign, biomass would release a
precursor such as lysine, which the network cannot remove."""

TOLERANCE = 1e-7
"""Largest accepted error of a content, per requested unit."""

RANK_TOLERANCE = 1e-10
"""Singular value, relative to the largest, below which a law counts as linearly dependent."""

AT_LIMIT = 1e-6
"""Distance to a limit, relative to the limit, within which a coefficient counts as held there."""


class BiomassColumn:
    r"""Coefficients of the growth reaction, $s(\theta) = s_0 + \Delta(\theta)$, for a change θ of the composition.

    "elemental": Δ is the smallest relative change that gives biomass the requested contents,
    $\min \sum_i (\Delta_i / s_{0,i})^2$. It keeps the amounts of all elements except C, N, H and O, the charge, all
    conserved moieties, and the coefficients of metabolites that turn over (ATP); no coefficient changes its sign. H
    and O follow. Δ is piecewise linear in θ, and linear while every coefficient keeps a tenth of its initial value.

    Pseudo-metabolites without a formula, such as protein or biomass itself, give way to what the reactions that growth
    forces make them of; Δ changes the latter. Other metabolites without a formula keep their coefficients.

    The parameters are the changes of carbon, nitrogen and electrons in biomass [mmol/gDW]. With only carbon and
    nitrogen as parameters, the electrons per carbon γ (degree of reduction) are those of the network's biomass; the
    column is that of three parameters with electrons = γ · carbon. If the electrons cannot be counted, or γ cannot be
    kept, H and O are kept instead.

    "precursor": the parameters are relative changes of all coefficients, projected so that conserved moieties are
    kept. "fixed": the column of the network, without parameters.

    Args:
        network: The network.
        composition: "elemental", "precursor" or "fixed".
        moieties: Conserved moieties of the reactions other than growth, one per column, shape
            `[metabolites, moieties]`. Biomass cannot consume them, because no reaction makes them.
        contents: Parameters of an elemental composition: `CONTENTS`, or its first two.

    Attributes:
        own: Column of the network, shape `[metabolites]` [mmol/gDW].
        lumped: The same with the reactions that growth forces, `own` itself where biomass has no pseudo-metabolites.
        entries: Positions of the metabolites of the lumped column, shape `[entries]`.
        free: Orthogonal projector onto the changes that keep all moieties, shape `[entries, entries]`.
        changes: Change of the column per unit of every parameter while Δ is linear, shape
            `[metabolites, parameters]`.

    Raises:
        NetworkError: The carbon or nitrogen of biomass is unknown, or one of its contents cannot change alone.
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
        closed = (network.bounds.lower == 0) & (network.bounds.upper == 0)
        self.lumped = network.balances.lumped_growth(growth, closed)
        self.entries = np.flatnonzero(self.lumped)
        self._network = network
        self._rows = _independent_rows(moieties[self.entries].T)
        self.free = np.eye(len(self.entries)) - self._rows.T @ self._rows
        self._laws: np.ndarray | None = None
        on_entries = np.zeros((len(self.entries), 0))
        if composition == "precursor":
            on_entries = self.free * self.lumped[self.entries]
        elif composition == "elemental":
            on_entries, self._laws, self._scale = self._least_changes(network, tuple(contents))
        self.changes = np.zeros((len(self.own), on_entries.shape[1]))
        self.changes[self.entries] = on_entries

    def _least_changes(
        self, network: MetabolicNetwork, contents: tuple[str, ...]
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Compute the change per unit of every parameter, the laws, and the scale of every coefficient."""
        own = self.lumped[self.entries]
        table = [network.metabolite_table[entry] for entry in self.entries]
        complete = np.array([metabolite.complete for metabolite in table])
        # Minimise relative changes: small coefficients change little. Keep metabolites that turn over, unless nothing
        # else can change. What a metabolite without a formula holds of every element is unknown: keep it.
        scales = (np.where(_turned_over(table, own), 0.0, np.abs(own)), np.ones(len(own)))
        for laws, wanted, movable in self._ways(network, table, contents):
            for scale in (np.where(complete & movable, scale, 0.0) for scale in scales):
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
    ) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """Yield laws, requested values and what may change: with electrons first, then with H and O kept instead."""
        for balance in ("C", "N"):
            # Raises and names the metabolites if formulas are missing.
            network.biomass_content(balance)
        charged = self._charges[1][self.entries]
        present = (*elements_present([metabolite for metabolite in table if metabolite.complete]), "charge")
        # Without electrons as a parameter, keep γ of the network's biomass.
        with_electrons = -np.eye(len(CONTENTS))[:, : len(contents)]
        carbon, _, electrons = self.own_contents
        if contents == CONTENTS or carbon:
            if contents != CONTENTS:
                with_electrons[2, 0] = -electrons / carbon
            held = [element for element in present if element not in ("C", "N", "H", "O")]
            yield *self._with_moieties((*CONTENTS, *held), with_electrons), charged
        if contents != CONTENTS:
            held = [element for element in present if element not in contents]
            yield *self._with_moieties((*contents, *held), -np.eye(len(contents))), charged

    def _with_moieties(self, balances: Sequence[str], wanted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        laws = np.concatenate([[self._weights(balance)[self.entries] for balance in balances], self._rows])
        return laws, np.concatenate([wanted, np.zeros((len(laws) - len(wanted), wanted.shape[1]))])

    @cached_property
    def _charges(self) -> tuple[np.ndarray, np.ndarray]:
        """Charge of every metabolite, and whether it is known; where the network has none, all count as neutral."""
        contents = self._network.contents("charge")
        known = contents.known | contents.derived
        return (contents.weights, known) if contents.known.any() else (np.zeros(len(known)), np.ones(len(known), bool))

    def _weights(self, balance: str) -> np.ndarray:
        if balance == "charge":
            return self._charges[0]
        if balance != "electrons" or self._network.contents("charge").known.any():
            return self._network.contents(balance).weights
        atoms = [weight * self._network.contents(element).weights for element, weight in ELECTRON_WEIGHTS.items()]
        return np.asarray(np.sum(atoms, axis=0))

    @cached_property
    def weights(self) -> np.ndarray:
        """What every metabolite holds of `CONTENTS`, shape `[3, metabolites]`, as changes of the column count it.

        Without any charge in the network, all its metabolites count as neutral.
        """
        return np.array([self._weights(balance) for balance in CONTENTS])

    @cached_property
    def own_contents(self) -> np.ndarray:
        """`CONTENTS` of the network's own biomass [mmol/gDW], shape `[3]`; NaN where unknown.

        A metabolite of unknown charge counts as neutral here: biomass nearly is.
        """
        found = np.full(len(CONTENTS), np.nan)
        for position, balance in enumerate(CONTENTS):
            with contextlib.suppress(NetworkError):
                found[position] = self._network.biomass_content(balance)
        if np.isnan(found[2]) and np.isfinite(found[0]):
            found[2] = -self.weights[2] @ self.own
        return found

    def column_at(self, theta: np.ndarray) -> np.ndarray:
        """Compute the column of another composition, shape `[metabolites]` [mmol/gDW]."""
        return np.asarray(self.own + self.change_at(theta)[0])

    def change_at(self, theta: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Compute the change of the column, and its derivative by every parameter.

        If no column with the requested contents keeps all signs, return the linear change: its contents are correct,
        but some coefficients change their signs.

        Args:
            theta: Change of every parameter, shape `[parameters]`.

        Returns:
            Shapes `[metabolites]` and `[metabolites, parameters]`.
        """
        linear, own = self.changes @ theta, self.lumped[self.entries]
        if self._laws is None or (linear[self.entries] / own >= LEAST_LEFT - 1.0).all():
            return linear, self.changes
        moved = np.flatnonzero(self._scale)
        matrix, scale = (self._laws * self._scale)[:, moved], self._scale[moved]
        limit = -(1.0 - LEAST_LEFT) * own[moved] / scale
        # Keep independent rows only: the solver needs equalities that hold to round-off.
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
        # Take the coefficients at their limits from the solver; compute the others in closed form, to rounding.
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
    """Compute orthonormal conserved moieties of all reactions except growth, shape `[metabolites, moieties]`.

    Args:
        network: The network.
        closed: Reactions to leave out as well, boolean, shape `[reactions]`.
    """
    others = np.ones(len(network.reactions), dtype=bool) if closed is None else ~closed
    others[network.reaction_index(network.growth_reaction)] = False
    return sparse_null_basis(network.stoichiometry.to_scipy().tocsc()[:, np.flatnonzero(others)].T)


def _independent_rows(matrix: np.ndarray) -> np.ndarray:
    """Return orthonormal rows with the same span as the rows of a matrix."""
    _, size, right = np.linalg.svd(matrix, full_matrices=False)
    return np.asarray(right[size > RANK_TOLERANCE * size.max(initial=1.0)])


def _turned_over(table: Sequence[Metabolite], column: np.ndarray) -> np.ndarray:
    """Find metabolites such as ATP, of which making a gram of biomass turns over more than a gram."""
    masses = np.array([molar_mass(metabolite.formula or {}) or 0.0 for metabolite in table])
    return np.asarray(np.abs(column) * masses / 1000.0 > 1.0)
