"""Modules whose constants stay in float64 when the model around them is cast."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn


class Float64Module(nn.Module):
    """A module whose float64 buffers follow `.to(device)` but no cast to another dtype.

    A model cast to float32 (`model.float()`, a trainer's precision setting) keeps the accuracy that its laws need.
    """

    # Any, not Self: the shape checker of the tests decorates methods one by one and cannot resolve Self.
    def _apply(self, fn: Any, recurse: bool = True) -> Any:
        exact = {name: buffer for name, buffer in self._buffers.items() if _is_float64(buffer)}
        super()._apply(fn, recurse)
        for name, buffer in exact.items():
            moved = self._buffers[name]
            if buffer is not None and moved is not None and moved.dtype != torch.float64:
                self._buffers[name] = buffer.to(moved.device)
        return self


def _is_float64(buffer: torch.Tensor | None) -> bool:
    return buffer is not None and buffer.dtype == torch.float64
