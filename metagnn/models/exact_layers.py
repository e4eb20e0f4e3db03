"""Last operations that make fluxes exact, for one biomass column."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
from torch import Tensor

from metagnn.network.compression import Compression
from metagnn.network.incidence import Incidence
from metagnn.nn.polytope import PolytopeProjection
from metagnn.nn.reaction_groups import ReactionGroups
from metagnn.nn.settled_fluxes import SettledFluxes


@dataclass(eq=False)
class ExactLayers:
    """The exact layers of a network with one biomass column, made when they are first needed.

    Attributes:
        incidence: S with that column.
        column: The column, shape `[metabolites]` [mmol/gDW].
        widest: The widest bounds that a sample can have.
        groups: The groups of reactions; blocked reactions stay at zero.
        compression: Result of `compress` for S and these bounds, if available.
    """

    incidence: Incidence
    column: Tensor
    widest: tuple[np.ndarray, np.ndarray]
    groups: ReactionGroups
    compression: Compression | None

    @functools.cached_property
    def polytope(self) -> PolytopeProjection:
        """Nearest feasible flux."""
        return PolytopeProjection(self.incidence, *self.widest, self.compression).to(self.column.device)

    @functools.cached_property
    def settled(self) -> SettledFluxes:
        """Balance to rounding."""
        # From arrays: a tensor made inside a transform of `torch.func` has no values to read.
        moving = None if self.compression is None else self.compression.coupled.group >= 0
        return SettledFluxes(self.incidence, moving)
