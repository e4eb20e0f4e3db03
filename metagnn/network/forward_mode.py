"""Forward-mode derivatives inside an autograd Function, nested in other forward-mode derivatives or not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from torch import Tensor
from torch.autograd import forward_ad


@contextmanager
def outer_derivatives(saved: Iterable[Tensor | None]) -> Iterator[list[Any]]:
    """Where a `jvp` of an autograd Function may compute its tangent.

    Torch calls `jvp` with forward mode switched off, so that the second of two nested forward-mode derivatives is
    zero without a word (torch 2.13). Here it is on, and the tensors carry the tangents of outer derivatives alone.

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
