"""The metabolic network: stoichiometry, bounds, objective, metabolites and reactions. Frozen."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import scipy.sparse
import torch

from metagnn._html import html_table
from metagnn.errors import NetworkError, unknown_name
from metagnn.network.balances import Balances, Contents
from metagnn.network.bounds import FluxBounds
from metagnn.network.elements import Metabolite
from metagnn.network.further_constraints import FurtherConstraints
from metagnn.network.gene_deletion import closed_by_genes
from metagnn.network.incidence import Incidence
from metagnn.network.medium import bounds_of_uptakes, check_exchanges, check_uptakes, without_uptake
from metagnn.network.objective import growth_of
from metagnn.network.outside import outside_compartments
from metagnn.network.reaction import Reaction
from metagnn.network.vocabulary.named_exchanges import NamedExchanges, resolved

MOST_SHOWN = 8
"""Most nutrients of a medium to show in a notebook."""


@dataclass(frozen=True, eq=False)
class MetabolicNetwork:
    """A metabolic network as arrays. Frozen: changes return new networks.

    Attributes:
        id: Name of the network.
        stoichiometry: S, from reaction fluxes to metabolite balances.
        bounds: Bounds of every flux [mmol/gDW/h].
        objective: Coefficient of every reaction in the objective that growth maximises.
        exchanges: Reactions that cross the border (exchanges, sinks and demands), in network order.
        metabolite_table: Metabolites, in the order of S's rows; `is_constraint` marks rows of further constraints.
        reaction_table: Reactions, in the order of S's columns; `role` marks columns of further constraints.
        aliases: Other names of reactions.
        notes: What reading the model assumed or lost, as short sentences with ids.
    """

    id: str
    stoichiometry: Incidence
    bounds: FluxBounds
    objective: Mapping[str, float]
    exchanges: tuple[str, ...]
    metabolite_table: tuple[Metabolite, ...]
    reaction_table: tuple[Reaction, ...]
    aliases: Mapping[str, str] = dataclasses.field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def reactions(self) -> tuple[str, ...]:
        """Identifiers of the reactions, in the order of S's columns; `slacks` are among them."""
        return self.stoichiometry.columns

    @property
    def metabolites(self) -> tuple[str, ...]:
        """Identifiers of the metabolites, in the order of S's rows; rows of further constraints are among them."""
        return self.stoichiometry.rows

    @cached_property
    def further_constraints(self) -> FurtherConstraints:
        """Rows and columns that serve constraints beyond S·v = 0."""
        matrix = self.stoichiometry.to_scipy()
        return FurtherConstraints.of_tables(matrix, self.metabolite_table, self.reaction_table)

    def mass_balances(self) -> scipy.sparse.csr_array:
        """Return S with empty rows in place of further constraints, which hold no matter."""
        return self.further_constraints.of_metabolites(self.stoichiometry.to_scipy())

    @cached_property
    def slacks(self) -> tuple[str, ...]:
        """Columns that are no reactions: slacks of further constraints, and further variables."""
        return tuple(reaction.id for reaction in self.reaction_table if not reaction.is_own)

    @cached_property
    def own_reactions(self) -> tuple[str, ...]:
        """The model's own reactions: `reactions` without `slacks`. Tables of fluxes have these columns."""
        own = tuple(reaction.id for reaction in self.reaction_table if reaction.is_own)
        return own if self.slacks else self.reactions

    def own_fluxes(self, fluxes: np.ndarray) -> np.ndarray:
        """Return the fluxes of the model's own reactions, shape `[..., columns]` to `[..., own_reactions]`."""
        return self.further_constraints.own(fluxes)

    @cached_property
    def genes(self) -> tuple[str, ...]:
        """All genes in the gene rules, sorted."""
        rules = (reaction.gene_rule for reaction in self.reaction_table)
        return tuple(sorted(set().union(*(rule.genes() for rule in rules if rule is not None))))

    @cached_property
    def _index(self) -> dict[str, int]:
        own = zip(self.reaction_table, self.reactions, strict=True)
        index = {name: position for position, (reaction, name) in enumerate(own) if reaction.is_own}
        return index | {alias: index[name] for alias, name in self.aliases.items() if name in index}

    def reaction_index(self, name: str) -> int:
        """Return the position of a reaction, given its id or an alias.

        Raises:
            NetworkError: No reaction has this name; the message suggests the nearest.
        """
        if name not in self._index:
            raise NetworkError(unknown_name(name, self._index, f"reaction of {self.id}"))
        return self._index[name]

    @property
    def growth_reaction(self) -> str:
        """The growth (biomass) reaction: the one that the objective maximises.

        Raises:
            NetworkError: The objective is empty, has several reactions, or is minimised.
        """
        return growth_of(self.objective, self.id)

    @cached_property
    def exchange_indices(self) -> np.ndarray:
        """Positions of the exchanges, sinks and demands among the reactions."""
        return np.array([self._index[name] for name in self.exchanges], dtype=np.int64)

    def require_exchanges(self) -> tuple[str, ...]:
        """Return the exchanges.

        Raises:
            NetworkError: There are none.
        """
        if not self.exchanges:
            raise NetworkError(f"{self.id} has no exchange reactions; expected at least one, such as 'EX_glc__D_e'")
        return self.exchanges

    @cached_property
    def balances(self) -> Balances:
        """Balances of elements, charge and electrons; networks that differ in their bounds share them."""
        everywhere = np.arange(len(self.reactions))
        crossing, outside = np.isin(everywhere, self.exchange_indices), np.isin(everywhere, self.outside_indices)
        growing = np.array([bool(self.objective.get(name)) for name in self.reactions], dtype=bool)
        matrix = self.mass_balances()
        return Balances(self.id, self.stoichiometry, matrix, self.metabolite_table, crossing, outside, growing)

    def contents(self, balance: str) -> Contents:
        """Return what every metabolite holds of an element, "charge" or "electrons"; derived where no formula says."""
        return self.balances.contents(balance)

    def element_balance(self, balance: str, open: np.ndarray | None = None) -> Incidence:
        """Return the balance of an element, of charge or of electrons as an operator with one row.

        If the internal reactions are balanced, E·S is non-zero only on exchanges and biomass. Minus its biomass entry
        is the element's content in biomass [mmol/gDW]: alpha for "C", beta for "N". What formulas do not say follows
        from the internal reactions. Costs two linear programs where it does not, and a bound leaves the way open.

        Args:
            balance: An element's symbol, "charge" or "electrons".
            open: Exchanges, and other reactions across the border, that may carry flux, boolean, shape `[reactions]`;
                by default those that the bounds leave open.

        Raises:
            NetworkError: No metabolite contains the element, or one crosses the border whose content neither its
                formula nor the reactions tell.
        """
        self.balances.require(balance, self.balances.carrying(balance, self.bounds, open))
        return self.balances.row(balance)

    def biomass_content(self, balance: str) -> float:
        """Return the content of biomass in an element, charge or electrons [mmol/gDW]: alpha for "C", beta for "N".

        Raises:
            NetworkError: No metabolite contains the element, the content of biomass is not determined, or there is no
                growth reaction.
        """
        column = self.reaction_index(self.growth_reaction)
        self.balances.require(balance, self.contents(balance).undetermined & (np.arange(len(self.reactions)) == column))
        return -float(self.balances.row(balance).to_dense()[0, column])

    def unbalanced_reactions(self, tolerance: float = 1e-6) -> dict[str, dict[str, float]]:
        """Return internal reactions whose elements or charge do not balance, with what they create or destroy.

        Skips exchanges, demands and sinks (one side is empty by design), the growth reaction (its imbalance is the
        biomass), and reactions of metabolites without a formula.
        """
        return self.balances.unbalanced(tolerance)

    @property
    def checkable_reactions(self) -> np.ndarray:
        """Internal reactions whose metabolites all have a formula and a charge, boolean, shape `[reactions]`."""
        return self.balances.checkable

    @cached_property
    def outside_exchanges(self) -> tuple[str, ...]:
        """Exchanges of what is outside the cell, in network order: all but sinks and demands."""
        columns = self.mass_balances().tocsc()[:, self.exchange_indices]
        places = [
            {self.metabolite_table[row].compartment for row in columns.indices[start:end]}
            for start, end in zip(columns.indptr[:-1], columns.indptr[1:], strict=True)
        ]
        held = list(zip(self.exchanges, places, strict=True))
        outside = outside_compartments([(name, place) for name, found in held for place in found])
        return tuple(name for name, found in held if found & outside or not found)

    @cached_property
    def outside_indices(self) -> np.ndarray:
        """Positions of the outside exchanges among the reactions."""
        return np.array([self._index[name] for name in self.outside_exchanges], dtype=np.int64)

    @cached_property
    def imports_forward(self) -> np.ndarray:
        """Exchanges written "→ A", where positive flux is uptake (cobra: "A →"); boolean, shape `[exchanges]`."""
        columns = self.mass_balances()[:, self.exchange_indices]
        return np.asarray(columns.sum(axis=0) > 0)

    @cached_property
    def exchange_names(self) -> NamedExchanges:
        """The exchanges by the names of what they carry."""
        return NamedExchanges(self)

    def medium(self) -> dict[str, float]:
        """Return the largest uptake of every exchange that is open for uptake [mmol/gDW/h]."""
        lower, upper = self.bounds.lower[self.exchange_indices], self.bounds.upper[self.exchange_indices]
        uptakes = np.where(self.imports_forward, upper, -lower)
        return {name: float(uptake) for name, uptake in zip(self.exchanges, uptakes, strict=True) if uptake > 0}

    def uptake_bounds(self, names: Sequence[str], uptakes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the bounds of every flux for many media; exchanges that are not named keep the network's bounds.

        Args:
            names: Exchanges or substances, one per column of `uptakes`.
            uptakes: Largest uptakes ≥ 0, shape `[samples, exchanges]` [mmol/gDW/h].

        Returns:
            Lower and upper bounds, each of shape `[samples, reactions]` [mmol/gDW/h].

        Raises:
            TableError: A name is no exchange or appears twice, or an uptake is negative, NaN or infinite.
        """
        uptakes, names = np.asarray(uptakes, dtype=np.float64), resolved(self, names)
        check_exchanges(names, self.require_exchanges(), self.reactions, self.id)
        check_uptakes(names, uptakes)
        return bounds_of_uptakes(self.bounds, *self._columns_of(names), uptakes)

    def _columns_of(self, exchanges: Sequence[str]) -> tuple[list[int], list[bool]]:
        """Return where exchanges stand among the reactions, and whether positive flux is uptake."""
        forward = dict(zip(self.exchanges, self.imports_forward.tolist(), strict=True))
        return [self._index[name] for name in exchanges], [forward[name] for name in exchanges]

    def with_medium(self, medium: Mapping[str, float]) -> MetabolicNetwork:
        """Return the network on a medium; as in cobra, uptake is closed for every exchange that is not named.

        Sinks and demands, which are exchanges of what is inside the cell, keep their bounds unless they are named.

        Args:
            medium: Largest uptake ≥ 0 of every nutrient, by exchange or substance [mmol/gDW/h]; inf: nothing limits.

        Raises:
            TableError: A name is no exchange or may be several, or an uptake is negative or NaN.
        """
        names, uptakes = resolved(self, list(medium)), np.array([list(medium.values())], dtype=np.float64)
        check_exchanges(names, self.require_exchanges(), self.reactions, self.id)
        check_uptakes(names, np.where(np.isposinf(uptakes), 0.0, uptakes))
        shut = without_uptake(self.bounds, *self._columns_of(self.outside_exchanges))
        lower, upper = bounds_of_uptakes(shut, *self._columns_of(names), uptakes)
        return self._with_bounds(FluxBounds(self.reactions, lower[0], upper[0]))

    def knock_out(self, reactions: Iterable[str] = (), genes: Iterable[str] = ()) -> MetabolicNetwork:
        """Return the network with some reactions closed, and those that need a missing gene.

        Args:
            reactions: Reactions to close.
            genes: Genes to remove; a reaction closes if its gene rule can no longer be met.

        Raises:
            NetworkError: A reaction or gene is unknown; the message suggests the nearest.

        Warns:
            ModelWarning: A gene of a rule that could not be read: its reaction stays open.
        """
        return self._with_bounds(self.bounds.close(self.closed_by(reactions, genes)))

    def _with_bounds(self, bounds: FluxBounds) -> MetabolicNetwork:
        changed = dataclasses.replace(self, bounds=bounds)
        # Derived contents do not depend on bounds: keep what was computed, and what will be.
        changed.__dict__["balances"] = self.balances
        return changed

    def closed_by(self, reactions: Iterable[str] = (), genes: Iterable[str] = ()) -> list[int]:
        """Return the positions of the reactions that `knock_out` closes."""
        genes = {genes} if isinstance(genes, str) else set(genes)
        reactions = [reactions] if isinstance(reactions, str) else list(reactions)
        for gene in sorted(genes - set(self.genes)):
            raise NetworkError(unknown_name(gene, self.genes, f"gene of {self.id}"))
        return [self.reaction_index(name) for name in reactions] + closed_by_genes(self.reaction_table, genes)

    def with_biomass(self, column: np.ndarray) -> MetabolicNetwork:
        """Return the network with another biomass column, such as one fitted to measured rates.

        Args:
            column: Coefficient of every metabolite in the growth reaction, shape `[metabolites]` [mmol/gDW].

        Raises:
            NetworkError: There is no growth reaction.
            InputError: The shape is wrong, or a coefficient is not finite.
        """
        index = self.reaction_index(self.growth_reaction)
        coefficients = torch.from_numpy(np.array(column, dtype=np.float64))
        return dataclasses.replace(self, stoichiometry=self.stoichiometry.with_column(index, coefficients))

    @cached_property
    def fingerprint(self) -> str:
        """Hash of stoichiometry, bounds and objective, with which a saved model recognises its network."""
        S = self.stoichiometry
        digest = hashlib.sha256(json.dumps([self.reactions, self.metabolites, sorted(self.objective.items())]).encode())
        for array in (S.row, S.column, S.value):
            digest.update(array.detach().cpu().numpy().tobytes())
        digest.update(self.bounds.lower.tobytes() + self.bounds.upper.tobytes())
        return digest.hexdigest()

    def __sklearn_clone__(self) -> MetabolicNetwork:
        """Return itself: a network is frozen, so cloned predictors share it."""
        return self

    def __repr__(self) -> str:
        sizes = ", ".join(f"{size} {what}" for what, size in self.sizes().items())
        return f"MetabolicNetwork({self.id!r}, {sizes})"

    def sizes(self) -> dict[str, int]:
        """Return the number of metabolites and reactions and, if there are any, of further constraints."""
        further = self.further_constraints
        sizes = {"metabolites": len(further.metabolites), "reactions": len(further.reactions)}
        return sizes | ({"further constraints": further.count} if further.count else {})

    def _repr_html_(self) -> str:
        growth = ", ".join(name for name, coefficient in self.objective.items() if coefficient)
        medium = ", ".join(f"{name} {uptake:g}" for name, uptake in list(self.medium().items())[:MOST_SHOWN])
        rows = [
            *self.sizes().items(),
            ("genes", len(self.genes)),
            ("exchanges", len(self.exchanges)),
            ("objective", growth or "none"),
            ("medium, largest uptake [mmol/gDW/h]", (medium or "closed") + ", …" * (len(self.medium()) > MOST_SHOWN)),
        ]
        return html_table(f"MetabolicNetwork {self.id}", rows)
