"""Samples over one static network: bounds and measurements in, observed fluxes out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.utils.data import Dataset

from metagnn._html import html_table
from metagnn._typing import Fluxes


@dataclass(frozen=True)
class FluxBatch:
    """Some samples, all over the same network; every tensor has shape `[samples, reactions]` [mmol/gDW/h].

    Attributes:
        lower: Lower bounds.
        upper: Upper bounds.
        observed: Fluxes to learn, NaN where nothing was measured.
        measured: Measured rates that the model sees, NaN where there is none; None for `max_uptake` inputs.
        deviation: Standard deviations of the measured rates.
    """

    lower: Fluxes
    upper: Fluxes
    observed: Fluxes
    measured: Fluxes | None = None
    deviation: Fluxes | None = None

    def __len__(self) -> int:
        return len(self.lower)

    def to(self, device: torch.device | str) -> FluxBatch:
        """The same samples on a device."""
        return self._map(lambda tensor: tensor.to(device))

    def rows(self, index: Tensor | Sequence[int] | slice) -> FluxBatch:
        """Some of the samples."""
        return self._map(lambda tensor: tensor[index])

    def scale(self, floor: float = 0.05, growth_floor: float = 1e-3, growth_index: int | None = None) -> Tensor:
        """Standard deviation of every observed flux, by which errors are weighed, shape `[reactions]`.

        Args:
            floor: Smallest scale [mmol/gDW/h], and of the mean of every flux the smallest part, so that fluxes that
                hardly vary do not dominate.
            growth_floor: Smallest scale of growth [1/h].
            growth_index: Position of the growth reaction.
        """
        seen = ~torch.isnan(self.observed)
        count = seen.sum(0).clamp(min=1)
        values = torch.where(seen, self.observed, 0.0)
        mean = values.sum(0) / count
        spread = (torch.where(seen, values - mean, 0.0).square().sum(0) / count).sqrt()
        floors = floor * mean.abs().clamp(min=1.0)
        if growth_index is not None:
            floors[growth_index] = growth_floor
        return torch.maximum(spread, floors)

    def _map(self, change: Callable[[Tensor], Tensor]) -> FluxBatch:
        measured, deviation = (None if t is None else change(t) for t in (self.measured, self.deviation))
        return FluxBatch(change(self.lower), change(self.upper), change(self.observed), measured, deviation)


class FluxDataset(Dataset[FluxBatch]):
    """Samples for a `DataLoader` that hands over whole batches of positions (`batch_size=None`).

    One static graph serves all samples, so a batch is a slice of stacked tensors, never replicated graphs.

    Args:
        samples: All samples.
    """

    def __init__(self, samples: FluxBatch) -> None:
        self.samples = samples

    def __len__(self) -> int:
        return len(self.samples)

    def __repr__(self) -> str:
        return f"FluxDataset({len(self)} samples, {self.samples.lower.shape[-1]} reactions)"

    def _repr_html_(self) -> str:
        lower, observed = self.samples.lower, self.samples.observed
        rows = [
            ("samples", len(self)),
            ("reactions", lower.shape[-1]),
            ("reactions observed", int((~torch.isnan(observed)).any(0).sum())),
            ("fluxes observed", int((~torch.isnan(observed)).sum())),
        ]
        return html_table("FluxDataset", rows)

    def __getitem__(self, index: Sequence[int]) -> FluxBatch:
        return self.samples.rows(index)
