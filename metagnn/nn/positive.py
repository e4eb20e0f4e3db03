"""A check of values that works where they cannot be looked at: under `torch.func`."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from metagnn.errors import InputError


def require_positive(name: str, values: Tensor) -> Tensor:
    """The values unchanged, if all of them are above zero.

    While a graph is traced for export or compilation nothing is checked: there are no values yet.

    Args:
        name: Name of the argument, for the message.
        values: Any shape.

    Raises:
        InputError: A value is not above zero.
    """
    if torch.compiler.is_compiling():
        return values
    checked: Tensor = _Positive.apply(values, name)
    return checked


class _Positive(torch.autograd.Function):
    """Identity; `forward` sees values, whatever transforms its caller is under."""

    @staticmethod
    def forward(values: Tensor, name: str) -> Tensor:
        """Check."""
        if not bool((values > 0).all()):
            raise InputError(f"`{name}` must be positive in every reaction")
        return values.view_as(values)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
        """Nothing to keep."""

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        """Identity."""
        return gradient, None

    @staticmethod
    def jvp(ctx: Any, tangent: Tensor, _: None) -> Tensor:
        """Identity."""
        return tangent.view_as(tangent)

    @staticmethod
    def vmap(info: Any, in_dims: tuple[Any, ...], values: Tensor, name: str) -> tuple[Tensor, int]:
        """All samples at once."""
        return _Positive.apply(values, name), in_dims[0]
