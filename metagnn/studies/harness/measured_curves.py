"""Measured growth curves on media, with what is known of every medium."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from metagnn.network.metabolic_network import MetabolicNetwork


@dataclass(frozen=True, eq=False)
class MeasuredCurves:
    """Media and their growth curves, one row a medium.

    Attributes:
        network: The network.
        media: Concentrations; columns are exchanges [mM].
        mechanistic: What flux balance analysis and counting say of every medium.
        curves: Natural logarithms of the optical density, shape `[media, times]`; NaN where nothing may be known.
        traits: Traits of the curves.
        groups: Carbon source of every medium.
        before: How many points of a curve are known beforehand; the others are asked for.
    """

    network: MetabolicNetwork
    media: pd.DataFrame
    mechanistic: pd.DataFrame
    curves: np.ndarray
    traits: pd.DataFrame
    groups: np.ndarray
    before: int = 0

    @property
    def presence(self) -> np.ndarray:
        """1 for every nutrient that a medium holds, 0 for others, shape `[media, nutrients]`."""
        return np.asarray((self.media.to_numpy() > 0).astype(np.float64))

    def rows(self, positions: np.ndarray) -> MeasuredCurves:
        """Select media by position."""
        media, mechanistic, traits = (
            table.iloc[positions].reset_index(drop=True) for table in (self.media, self.mechanistic, self.traits)
        )
        curves, groups = self.curves[positions], self.groups[positions]
        return MeasuredCurves(self.network, media, mechanistic, curves, traits, groups, self.before)

    def unmeasured(self) -> MeasuredCurves:
        """Return the same media without their curves but for the points known beforehand."""
        curves = self.curves.copy()
        curves[:, self.before :] = np.nan
        nothing = pd.DataFrame(np.nan, index=self.traits.index, columns=self.traits.columns)
        return MeasuredCurves(self.network, self.media, self.mechanistic, curves, nothing, self.groups, self.before)
