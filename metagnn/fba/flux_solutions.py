"""Fluxes of many media, with the solver's status for each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from metagnn._html import html_table
from metagnn.errors import InputError
from metagnn.fba.cobra_solution import to_cobra_solution

if TYPE_CHECKING:
    import cobra


@dataclass(frozen=True, eq=False)
class FluxSolutions:
    """Fluxes and status of every medium, solved or not.

    Attributes:
        fluxes: One column per reaction, in network order, one row per medium; NaN unless `status` is "optimal"
            [mmol/gDW/h].
        status: "optimal", "infeasible", "unbounded", or "failed: " and the reason, by medium.
        growth: Flux of the growth reaction, by medium [1/h].
        method: "fba", "pfba" or "min_norm".
    """

    fluxes: pd.DataFrame
    status: pd.Series
    growth: pd.Series
    method: str

    @property
    def feasible(self) -> pd.Series:
        """Whether a medium has a solution, boolean, by medium."""
        return self.status == "optimal"

    def __repr__(self) -> str:
        media, reactions = self.fluxes.shape
        unsolved = int((~self.feasible).sum())
        text = f"FluxSolutions({self.method!r}, {media} media, {reactions} reactions"
        return f"{text}, {unsolved} media without an optimum)" if unsolved else f"{text})"

    def _repr_html_(self) -> str:
        growth = self.growth.dropna()
        rows = [
            ("method", self.method),
            ("media", len(self.fluxes)),
            ("reactions", self.fluxes.shape[1]),
            *((f"status: {status}", count) for status, count in self.status.value_counts().items()),
            ("growth [1/h]", f"{growth.min():.4g} to {growth.max():.4g}" if len(growth) else "none"),
        ]
        return html_table("FluxSolutions", rows)

    def to_cobra(self, model: cobra.Model, row: int) -> cobra.Solution:
        """Return the fluxes of one medium as a `cobra.Solution`.

        Args:
            model: The cobra model that the network came from.
            row: Position of the medium.

        Raises:
            InputError: There is no such row, or its medium has no solution.
            NetworkError: The model has other reactions.
        """
        if not 0 <= row < len(self.fluxes):
            raise InputError(f"`row` is {row}; expected 0 to {len(self.fluxes) - 1}")
        status = str(self.status.iloc[row])
        if status != "optimal":
            raise InputError(f"the medium in row {row} is {status}; expected one with a solution")
        return to_cobra_solution(model, self.fluxes.iloc[row], status)
