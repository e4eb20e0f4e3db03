"""Balances of elements, charge and electrons, with contents derived where formulas are missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import scipy.sparse

from metagnn.errors import NetworkError, unknown_name
from metagnn.network.bounds import FluxBounds
from metagnn.network.derived_contents import ContentEquations
from metagnn.network.elements import (
    CHEMICAL_ELEMENTS,
    Metabolite,
    balance_weights,
    elements_present,
    refuse_unknown,
    stated,
)
from metagnn.network.flux_carriers import flux_carriers
from metagnn.network.growth_chain import biomass_products, enzymes, lumped_growth, sourced_tokens
from metagnn.network.incidence import Incidence


@dataclass(frozen=True, eq=False)
class Contents:
    """What every metabolite holds of an element, of charge or of electrons.

    Attributes:
        weights: Content of every metabolite; where nothing determines it, one that balances the internal reactions.
        known: Whether formula and charge state the content, boolean, shape `[metabolites]`.
        derived: Whether it follows from the reactions alone, boolean, the same shape.
        undetermined: Reactions across the border, and growth, that carry what is neither, boolean, shape `[reactions]`.
        missing: For each of these, by position, the metabolites whose content is missing.
    """

    weights: np.ndarray
    known: np.ndarray
    derived: np.ndarray
    undetermined: np.ndarray
    missing: Mapping[int, np.ndarray]


class Balances:
    """Balances of a network. They depend on S, formulas and growth, not on bounds: media and knock-outs share them.

    Args:
        name: Name of the network, for messages.
        stoichiometry: S.
        matrix: S with empty rows in place of further constraints, which hold no matter; sparse.
        metabolites: In the order of its rows.
        crossing: Exchanges, sinks and demands, boolean, shape `[reactions]`.
        outside: Exchanges of what is outside the cell, the same shape.
        growing: Reactions of the objective, the same shape.
    """

    def __init__(
        self,
        name: str,
        stoichiometry: Incidence,
        matrix: scipy.sparse.csr_array,
        metabolites: Sequence[Metabolite],
        crossing: np.ndarray,
        outside: np.ndarray,
        growing: np.ndarray,
    ) -> None:
        self._name, self._stoichiometry, self._metabolites = name, stoichiometry, metabolites
        self._matrix = scipy.sparse.csc_array(matrix)
        self._listed, self._outside, self._growing = crossing, outside, growing
        self._found: dict[str, Contents] = {}
        self._carriers: dict[bytes, np.ndarray] = {}

    @cached_property
    def crossing(self) -> np.ndarray:
        """Reactions across the border: listed ones and all with one side, boolean, shape `[reactions]`."""
        one_sided = ((self._matrix > 0).sum(axis=0) == 0) | ((self._matrix < 0).sum(axis=0) == 0)
        return np.asarray(one_sided | self._listed, dtype=bool)

    @cached_property
    def _pseudo(self) -> tuple[np.ndarray, np.ndarray]:
        """Metabolites that hold nothing, and further reactions that make biomass; see `biomass_products`."""
        growths, catalysts = np.flatnonzero(self._growing), enzymes(self._metabolites)
        if len(growths) != 1:
            return catalysts, np.zeros(0, dtype=np.int64)
        products, makers = biomass_products(self._matrix, self._metabolites, int(growths[0]))
        inside = self.crossing & ~self._outside
        tokens = sourced_tokens(self._matrix, self._metabolites, int(growths[0]), inside)
        return np.unique(np.concatenate([products, tokens, catalysts])), makers

    @cached_property
    def growth_followers(self) -> np.ndarray:
        """Reactions across the border whose flux follows growth, as they carry biomass; boolean, shape `[reactions]`.

        What they carry holds nothing: biomass is counted where growth makes it.
        """
        carries = abs(self._matrix[np.setdiff1d(self._pseudo[0], enzymes(self._metabolites))]).sum(axis=0) > 0
        return np.asarray(self.crossing & ~self._growing & carries)

    def lumped_growth(self, growth: int, closed: np.ndarray) -> np.ndarray:
        """Return the growth column with the reactions that it forces, shape `[metabolites]`; see `lumped_growth`."""
        return lumped_growth(self._matrix, self._metabolites, growth, closed)

    def contents(self, balance: str) -> Contents:
        """Return what every metabolite holds, derived from the internal reactions where no formula says it.

        Takes milliseconds for hundreds of unknown metabolites; nothing is derived where nothing is missing.

        Args:
            balance: An element's symbol, "charge" or "electrons".
        """
        if balance not in self._found:
            self._found[balance] = self._contents(balance)
        return self._found[balance]

    def _contents(self, balance: str) -> Contents:
        weights = balance_weights(self._metabolites, balance)
        known = stated(self._metabolites, balance)
        nothing, no_reaction = np.zeros(len(known), dtype=bool), np.zeros(self._matrix.shape[1], dtype=bool)
        pseudo, makers = self._pseudo
        if known.all() and not weights[pseudo].any():
            return Contents(weights, known, nothing, no_reaction, {})
        held = known.copy()
        weights[pseudo], held[pseudo] = 0.0, True
        border = self.crossing | self._growing
        border[makers] = True
        equations = ContentEquations(scipy.sparse.csr_array(self._matrix[:, np.flatnonzero(~border)].T), weights, held)
        derived = equations.solve()
        weights[derived.unknown] = derived.values
        found = nothing.copy()
        found[derived.unknown] = derived.determined
        columns = np.flatnonzero(border)
        undetermined, missing = derived.undetermined(self._matrix[:, columns], weights)
        open_ended = columns[undetermined]
        return Contents(
            weights,
            known,
            found,
            np.isin(np.arange(len(border)), open_ended),
            {
                int(column): derived.unknown[missing[:, place]]
                for place, column in zip(np.flatnonzero(undetermined), open_ended, strict=True)
            },
        )

    def row(self, balance: str) -> Incidence:
        """Return the balance as an operator with one row."""
        weights = self.contents(balance).weights
        return self._stoichiometry.combine_rows(weights[None, :], [balance])

    def carrying(self, balance: str, bounds: FluxBounds, open: np.ndarray | None = None) -> np.ndarray:
        """Return which reactions of undetermined content can carry flux, boolean, shape `[reactions]`.

        Costs two linear programs where there are such reactions, once for the same bounds.

        Args:
            balance: The balance.
            bounds: Bounds of every flux.
            open: Reactions across the border that may carry flux, either way, boolean, shape `[reactions]`; None: as
                the bounds say.
        """
        lower, upper = bounds.lower < 0, bounds.upper > 0
        if open is not None:
            lower, upper = np.where(self.crossing, open, lower), np.where(self.crossing, open, upper)
        undetermined = self.contents(balance).undetermined & (lower | upper)
        if not undetermined.any():
            return undetermined
        key = b"".join(mask.tobytes() for mask in (lower, upper, undetermined))
        if key not in self._carriers:
            self._carriers[key] = flux_carriers(self._stoichiometry.to_scipy(), lower, upper, undetermined)
        return self._carriers[key]

    def require(self, balance: str, carrying: np.ndarray) -> None:
        """Raise where a balance is unknown or undefined.

        Args:
            balance: The balance.
            carrying: Reactions, among the undetermined ones, that may carry flux; boolean, shape `[reactions]`.

        Raises:
            NetworkError: Naming the metabolites whose content is missing, and where they cross the border.
        """
        known = (*elements_present(self._metabolites), "charge", "electrons")
        # An element that seems absent may be part of a missing formula: check missing formulas first.
        if (balance in known or balance in CHEMICAL_ELEMENTS) and carrying.any():
            columns, by_column = np.flatnonzero(carrying), self.contents(balance).missing
            rows = np.unique(np.concatenate([by_column[column] for column in columns.tolist()]))
            missing = [self._metabolites[row] for row in rows]
            through = [self._stoichiometry.columns[column] for column in columns]
            refuse_unknown(missing, balance, self._name, through, self._metabolites)
        if balance not in known:
            raise NetworkError(unknown_name(balance, known, f"balance of {self._name}"))

    def unbalanced(self, tolerance: float) -> dict[str, dict[str, float]]:
        """Return checkable reactions that create or destroy something, and how much of what."""
        elements = (*elements_present(self._metabolites), "charge")
        weights = np.array([balance_weights(self._metabolites, element) for element in elements])
        imbalance = weights @ self._matrix
        wrong = {}
        for column in np.flatnonzero(self.checkable & (np.abs(imbalance) > tolerance).any(axis=0)):
            values = zip(elements, imbalance[:, column], strict=True)
            wrong[self._stoichiometry.columns[column]] = {e: float(v) for e, v in values if abs(v) > tolerance}
        return wrong

    @cached_property
    def checkable(self) -> np.ndarray:
        """Internal reactions whose metabolites all have a formula and a charge, boolean, shape `[reactions]`."""
        known = stated(self._metabolites, "electrons")
        has_two_sides = ((self._matrix > 0).sum(axis=0) > 0) & ((self._matrix < 0).sum(axis=0) > 0)
        lacking = abs(self._matrix).T @ (~known).astype(np.float64)
        return np.asarray((lacking == 0) & has_two_sides & ~self._growing, dtype=bool)
