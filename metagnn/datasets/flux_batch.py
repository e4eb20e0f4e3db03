"""Samples over one static network: their conditions and observed fluxes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.utils.data import Dataset

from metagnn._html import html_table
from metagnn._typing import Fluxes
from metagnn.network.conditions import Conditions
from metagnn.network.tensor_record import TensorRecord


@dataclass(frozen=True, eq=False)
class FluxBatch(TensorRecord):
    """Samples of one network.

    Attributes:
        conditions: Inputs of the model.
        observed: Fluxes to learn, shape `[samples, reactions]` [mmol/gDW/h], NaN where not measured.
        weight: Weight ≥ 0 of every observation, the same shape; None weighs all equally.
        groups: Number of the group of every sample, such as its strain or laboratory, shape `[samples]`; None if
            nothing is known of groups.
    """

    conditions: Conditions
    observed: Fluxes
    weight: Tensor | None = None
    groups: Tensor | None = None

    def scale(self, floor: float = 0.05, growth_floor: float = 1e-3, growth_index: int | None = None) -> Tensor:
        """Return the standard deviation of every observed flux, to scale errors by, shape `[reactions]`.

        Args:
            floor: Smallest scale [mmol/gDW/h], and smallest share of a flux's mean, so that nearly constant fluxes do
                not dominate.
            growth_floor: Smallest scale of growth [1/h].
            growth_index: Position of the growth reaction.
        """
        seen = ~torch.isnan(self.observed)
        weight = torch.where(seen, 1.0 if self.weight is None else self.weight, 0.0).to(self.observed)
        total = weight.sum(0)
        count = torch.where(total > 0, total, 1.0)
        values = torch.where(seen, self.observed, 0.0)
        mean = (weight * values).sum(0) / count
        spread = ((weight * (values - mean).square()).sum(0) / count).sqrt()
        floors = floor * mean.abs().clamp(min=1.0)
        if growth_index is not None:
            floors[growth_index] = growth_floor
        return torch.maximum(spread, floors)


class FluxDataset(Dataset[FluxBatch]):
    """Samples for a `DataLoader` that passes whole batches of positions (`batch_size=None`).

    All samples share one static graph, so a batch is a slice of stacked tensors, not a set of replicated graphs.

    Args:
        samples: All samples.
    """

    def __init__(self, samples: FluxBatch) -> None:
        self.samples = samples

    def __len__(self) -> int:
        return len(self.samples)

    def __repr__(self) -> str:
        return f"FluxDataset({len(self)} samples, {self.samples.observed.shape[-1]} reactions)"

    def _repr_html_(self) -> str:
        observed = self.samples.observed
        rows = [
            ("samples", len(self)),
            ("reactions", observed.shape[-1]),
            ("reactions observed", int((~torch.isnan(observed)).any(0).sum())),
            ("fluxes observed", int((~torch.isnan(observed)).sum())),
        ]
        return html_table("FluxDataset", rows)

    def __getitem__(self, index: Sequence[int]) -> FluxBatch:
        return self.samples.rows(index)
