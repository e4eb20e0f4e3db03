"""The dtypes layers compute in: float64 for integers, float32 for half precision."""

from __future__ import annotations

import torch
from torch import Tensor

from metagnn.errors import InputError

HALVES = (torch.float16, torch.bfloat16)
"""Half-precision dtypes: too inaccurate for sums, and some CPU kernels lack them."""


def as_floating(name: str, values: Tensor) -> Tensor:
    """Return floating-point values unchanged, integers and booleans as float64.

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
    """Raise unless values are floating-point numbers, which a layer with weights needs.

    Raises:
        InputError: The values are integers, booleans or complex.
    """
    if not values.dtype.is_floating_point:
        raise InputError(f"`{name}` is {values.dtype}; expected floating-point numbers in the dtype of the weights")


def working(values: Tensor) -> Tensor:
    """Return half-precision values as float32, others unchanged."""
    return values.to(torch.float32) if values.dtype in HALVES else values
