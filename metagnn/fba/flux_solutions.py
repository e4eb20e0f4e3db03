"""Fluxes of many media, with what the solver said about each."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd


@dataclass(frozen=True, eq=False)
class FluxSolutions:
    """One row for every medium, solved or not.

    Attributes:
        fluxes: Every reaction a column, in network order; index of the media; NaN where `status` is not
            "optimal" [mmol/gDW/h].
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
