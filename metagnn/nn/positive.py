"""Check of values that also works under `torch.func`."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from metagnn.errors import InputError
from metagnn.nn.identity_derivative import IdentityDerivative


def require_positive(name: str, values: Tensor) -> Tensor:
    """Return the values if all are above zero.

    During export or compilation, check nothing: the graph has no values.

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


class _Positive(IdentityDerivative):
    """Identity whose `forward` can read values under any transform."""

    @staticmethod
    def forward(values: Tensor, name: str) -> Tensor:
        """Check the values."""
        if not bool((values > 0).all()):
            raise InputError(f"`{name}` must be positive in every reaction")
        return values.view_as(values)

    @staticmethod
    def vmap(info: Any, in_dims: tuple[Any, ...], values: Tensor, name: str) -> tuple[Tensor, int]:
        """Check all samples at once."""
        return _Positive.apply(values, name), in_dims[0]
