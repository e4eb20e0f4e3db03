"""A frozen record of tensors over samples, with methods to move, slice and join them."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import torch
from torch import Tensor

Record = TypeVar("Record", bound="TensorRecord")


class TensorRecord:
    """A frozen dataclass whose tensors and nested records have one row per sample.

    The methods run over all fields of the dataclass, so a new field needs no code. Other fields (names, numbers, None)
    stay as they are. A field that is None in one part of a join must be None in all.
    """

    def __len__(self) -> int:
        """Return the number of samples: the rows of the first tensor."""
        return next(len(value) for value in _values(self) if isinstance(value, (Tensor, TensorRecord)))

    def to(self: Record, device: torch.device | str) -> Record:
        """Return the samples on a device."""
        return self.map_tensors(lambda tensor: tensor.to(device))

    def rows(self: Record, index: Tensor | Sequence[int] | slice) -> Record:
        """Return some of the samples, in the order of the index."""
        return self.map_tensors(lambda tensor: tensor[index])

    def split(self: Record, size: int) -> list[Record]:
        """Split the samples into parts of at most `size`; one part if there are none."""
        return [self.rows(slice(start, start + size)) for start in range(0, max(len(self), 1), size)]

    def map_tensors(self: Record, change: Callable[[Tensor], Tensor]) -> Record:
        """Return the record with a function applied to every tensor."""
        changed: dict[str, Any] = {}
        for field in dataclasses.fields(self):  # type: ignore[arg-type]
            value = getattr(self, field.name)
            if isinstance(value, Tensor):
                changed[field.name] = change(value)
            elif isinstance(value, TensorRecord):
                changed[field.name] = value.map_tensors(change)
        return dataclasses.replace(self, **changed)  # type: ignore[type-var]

    @classmethod
    def join(cls: type[Record], parts: Sequence[Record]) -> Record:
        """Join the samples of all parts; other fields are taken from the first part.

        Raises:
            ValueError: A field holds tensors in some parts only.
        """
        first = parts[0]
        joined: dict[str, Any] = {}
        for field in dataclasses.fields(first):  # type: ignore[arg-type]
            values: list[Any] = [getattr(part, field.name) for part in parts]
            kinds = {isinstance(value, (Tensor, TensorRecord)) for value in values}
            if len(kinds) > 1:
                raise ValueError(f"`{field.name}` is missing from some of the parts; expected it in all or in none")
            if isinstance(values[0], Tensor):
                joined[field.name] = torch.cat(values)
            elif isinstance(values[0], TensorRecord):
                joined[field.name] = type(values[0]).join(values)
        return dataclasses.replace(first, **joined)  # type: ignore[type-var]


def _values(record: TensorRecord) -> list[Any]:
    return [getattr(record, field.name) for field in dataclasses.fields(record)]  # type: ignore[arg-type]
