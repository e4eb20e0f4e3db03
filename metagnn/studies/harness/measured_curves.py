"""Measured growth curves on media, with what is known of every medium."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from metagnn.network.metabolic_network import MetabolicNetwork

BUILDING_BLOCK_MM = 10.5
"""A nutrient that no medium holds more of is a building block, such as an amino acid, and no source [mM]."""


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
        blocks: Which nutrients are building blocks, shape `[nutrients]`.
        before: How many points of a curve are known beforehand; the others are asked for.
    """

    network: MetabolicNetwork
    media: pd.DataFrame
    mechanistic: pd.DataFrame
    curves: np.ndarray
    traits: pd.DataFrame
    groups: np.ndarray
    blocks: np.ndarray
    before: int = 0

    @property
    def presence(self) -> np.ndarray:
        """1 for every nutrient that a medium holds, 0 for others, shape `[media, nutrients]`."""
        return np.asarray((self.media.to_numpy() > 0).astype(np.float64))

    def rows(self, positions: np.ndarray) -> MeasuredCurves:
        """Select media by position."""
        tables = {
            n: getattr(self, n).iloc[positions].reset_index(drop=True) for n in ("media", "mechanistic", "traits")
        }
        return replace(self, **tables, curves=self.curves[positions], groups=self.groups[positions])

    def unmeasured(self) -> MeasuredCurves:
        """Return the same media without their curves but for the points known beforehand."""
        curves = self.curves.copy()
        curves[:, self.before :] = np.nan
        nothing = pd.DataFrame(np.nan, index=self.traits.index, columns=self.traits.columns)
        return replace(self, curves=curves, traits=nothing)


def building_blocks(media: pd.DataFrame) -> np.ndarray:
    """Tell which nutrients are building blocks, shape `[nutrients]`.

    Args:
        media: Concentrations; columns are exchanges [mM].
    """
    return np.asarray((media.max() <= BUILDING_BLOCK_MM).to_numpy())
