"""FluxPrediction: the output of every flux model."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

from metagnn._typing import Fluxes


@dataclass(frozen=True)
class FluxPrediction:
    """Predicted fluxes with named readouts.

    Attributes:
        fluxes: Flux of every reaction node, shape `[..., reactions]`, float64 [mmol/gDW/h].
        growth_index: Position of the growth reaction.
        biomass_change: Biomass column used in the balances minus that of the network, shape `[metabolites]`
            [mmol/gDW]; None if they are the same.
    """

    fluxes: Fluxes
    growth_index: int
    biomass_change: Tensor | None = None

    @property
    def growth(self) -> Tensor:
        """Growth rate, the flux of the growth reaction, shape `[...]` [1/h]."""
        return self.fluxes[..., self.growth_index]

    def gathered(self, gather: Callable[[Tensor], Tensor]) -> FluxPrediction:
        """The prediction of a whole batch, from a function that joins the rows of all processes."""
        return dataclasses.replace(self, fluxes=gather(self.fluxes))
