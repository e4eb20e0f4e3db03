"""Which numbers a layer computes with: whole numbers become float64, and a half is computed in float32."""

from __future__ import annotations

import torch
from torch import Tensor

from metagnn.errors import InputError

HALVES = (torch.float16, torch.bfloat16)
"""Dtypes that carry too few digits to add up in, and for which some kernels of the CPU are missing."""


def as_floating(name: str, values: Tensor) -> Tensor:
    """Floating-point values as they are, whole numbers and booleans as float64.

    Args:
        name: Name of the argument, for the message.
        values: Any shape.

    Raises:
        InputError: The values are complex.

    >>> as_floating("fluxes", torch.tensor([1, 2])).dtype
    torch.float64
    """
    if values.dtype.is_complex:
        raise InputError(f"`{name}` is {values.dtype}; expected real numbers, such as torch.float64")
    return values if values.dtype.is_floating_point else values.to(torch.float64)


def require_floating(name: str, values: Tensor) -> None:
    """Raise unless values are floating-point numbers, as a layer with weights needs them.

    Raises:
        InputError: The values are whole numbers, booleans or complex.
    """
    if not values.dtype.is_floating_point:
        raise InputError(f"`{name}` is {values.dtype}; expected floating-point numbers in the dtype of the weights")


def working(values: Tensor) -> Tensor:
    """Values in the dtype to compute in: float32 for a half, their own otherwise."""
    return values.to(torch.float32) if values.dtype in HALVES else values
