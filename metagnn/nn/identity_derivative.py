"""Functions that read or correct values and have the derivative of the identity."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor


class IdentityDerivative(torch.autograd.Function):
    """Base of functions of a tensor and one constant; a subclass adds `forward` and `vmap`."""

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
        """Save nothing."""

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        """Return the gradient."""
        return gradient, None

    @staticmethod
    def jvp(ctx: Any, tangent: Tensor, _: None) -> Tensor:
        """Return the tangent."""
        return tangent.view_as(tangent)
