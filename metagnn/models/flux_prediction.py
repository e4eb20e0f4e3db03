"""What every flux model answers: all fluxes, and the named readouts."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from metagnn._typing import Fluxes


@dataclass(frozen=True)
class FluxPrediction:
    """Predicted fluxes and what is read out of them.

    Attributes:
        fluxes: Flux of every reaction node, shape `[..., reactions]`, float64 [mmol/gDW/h].
        growth_index: Position of the growth reaction.
        biomass_change: Difference between the biomass column that the prediction balances with and the model's own,
            shape `[metabolites]` [mmol/gDW]; None for the model's own.
    """

    fluxes: Fluxes
    growth_index: int
    biomass_change: Tensor | None = None

    @property
    def growth(self) -> Tensor:
        """Growth rate, the flux of the growth reaction, shape `[...]` [1/h]."""
        return self.fluxes[..., self.growth_index]
