"""Forward-mode derivatives inside an autograd Function, nested or not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from torch import Tensor
from torch.autograd import forward_ad


@contextmanager
def outer_derivatives(saved: Iterable[Tensor | None]) -> Iterator[list[Any]]:
    """Enable forward mode inside the `jvp` of an autograd Function, with the tangents of outer derivatives only.

    Torch (2.13) calls `jvp` with forward mode switched off, which silently makes the second of two nested forward-mode
    derivatives zero.

    Args:
        saved: `ctx.saved_tensors`.
    """
    with forward_ad._set_fwd_grad_enabled(True):
        yield [
            tensor
            if tensor is None or not tensor.dtype.is_floating_point
            else forward_ad.unpack_dual(tensor, level=0).primal
            for tensor in saved
        ]
