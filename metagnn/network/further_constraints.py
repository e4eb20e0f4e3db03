"""Linear constraints of a model beyond S·v = 0, as balances with slack columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse

from metagnn.network.bounds import FluxBounds
from metagnn.network.elements import Metabolite
from metagnn.network.reaction import SLACK, SPLIT, Reaction


@dataclass(frozen=True, eq=False)
class FurtherConstraints:
    """Which rows and columns of S serve constraints a ≤ A·v ≤ b, written A·v − s = 0 with a ≤ s ≤ b.

    Solvers, projections and graph layers take these rows as balances and these columns as fluxes; tables show the
    model's own reactions. A row of a metabolite has a slack where the model lets its balance differ from zero.

    Attributes:
        reactions: Positions of the model's own reactions among the columns.
        metabolites: Positions of the metabolites among the rows.
        columns: Positions of slacks and of the model's further variables; none in most networks.
        slacks: Positions of the slacks only, with those of rows that split a flux into two directions.
        slack_rows: Row of each slack.
        count: Number of constraints; a metabolite whose balance may differ from zero counts as one.
    """

    reactions: np.ndarray
    metabolites: np.ndarray
    columns: np.ndarray
    slacks: np.ndarray
    slack_rows: np.ndarray
    count: int

    @classmethod
    def of_tables(
        cls, matrix: Any, metabolites: Sequence[Metabolite], reactions: Sequence[Reaction]
    ) -> FurtherConstraints:
        """Find them in the tables of a network.

        Args:
            matrix: S, scipy sparse.
            metabolites: In the order of its rows.
            reactions: In the order of its columns.
        """
        own = np.array([reaction.is_own for reaction in reactions], dtype=bool)
        slacks = np.array(
            [i for i, reaction in enumerate(reactions) if reaction.role in (SLACK, SPLIT)], dtype=np.int64
        )
        rows = np.zeros(0, dtype=np.int64)
        if len(slacks):
            columns = matrix.tocsc()
            rows = np.array([columns.indices[columns.indptr[column]] for column in slacks], dtype=np.int64)
        is_metabolite = np.array([not metabolite.is_constraint for metabolite in metabolites], dtype=bool)
        count = sum(reaction.role == SLACK for reaction in reactions)
        return cls(np.flatnonzero(own), np.flatnonzero(is_metabolite), np.flatnonzero(~own), slacks, rows, count)

    def of_metabolites(self, matrix: scipy.sparse.csr_array) -> scipy.sparse.csr_array:
        """Return S with the rows of further constraints emptied; S itself where there are none."""
        if len(self.metabolites) == matrix.shape[0]:
            return matrix
        kept = np.zeros(matrix.shape[0])
        kept[self.metabolites] = 1.0
        balances = scipy.sparse.csr_array(scipy.sparse.diags_array(kept) @ matrix)
        balances.eliminate_zeros()
        return balances

    def own(self, fluxes: np.ndarray) -> np.ndarray:
        """Return the fluxes of the model's own reactions: the array itself where there are no other columns.

        Args:
            fluxes: Shape `[..., columns]`.
        """
        return fluxes[..., self.reactions] if len(self.columns) else fluxes

    def complete(self, matrix: Any, fluxes: np.ndarray, fill: float = 0.0) -> np.ndarray:
        """Return fluxes of all columns: slacks as the constraints say, further variables `fill`.

        Args:
            matrix: S, scipy sparse.
            fluxes: Fluxes of the model's own reactions, shape `[samples, reactions]`.
            fill: Value of further variables, which the reactions do not tell.
        """
        if not len(self.columns):
            return fluxes
        values = np.full((len(fluxes), matrix.shape[1]), fill)
        values[:, self.reactions] = fluxes
        return self.settle(matrix, values)

    def settle(self, matrix: Any, fluxes: np.ndarray) -> np.ndarray:
        """Return fluxes with every slack at what its constraint says, so that a violation shows in its bounds.

        Args:
            matrix: S, scipy sparse.
            fluxes: Shape `[samples, columns]`.
        """
        if not len(self.slacks):
            return fluxes
        rows = matrix.tocsr()[self.slack_rows]
        coefficients = rows[np.arange(len(self.slacks)), self.slacks]
        values = fluxes.copy()
        values[:, self.slacks] = 0.0
        values[:, self.slacks] = -(rows @ values.T).T / np.asarray(coefficients)
        return values

    def unlimited(self, bounds: FluxBounds) -> float:
        """Size from which on a bound of a reaction stands for none; see `FluxBounds.unlimited`."""
        if not len(self.columns):
            return bounds.unlimited
        names = tuple(bounds.reactions[position] for position in self.reactions)
        return FluxBounds(names, bounds.lower[self.reactions], bounds.upper[self.reactions]).unlimited
