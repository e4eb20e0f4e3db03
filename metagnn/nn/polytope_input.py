"""Checks of the target, bounds and weight of a nearest-flux problem."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from metagnn.errors import InputError


def check_problem(target: Tensor, lower: Tensor, upper: Tensor, weight: Tensor) -> None:
    """Check the values of flat float64 tensors, shape `[samples, reactions]`.

    Raises:
        InputError: A target or weight is not finite, a weight is not positive, or no finite number lies between two
            bounds.
    """
    if not bool(torch.isfinite(target).all()):
        raise InputError("`target` must be finite; it contains NaN or infinity")
    if not bool((torch.isfinite(weight) & (weight > 0)).all()):
        raise InputError("`weight` must be positive and finite in every reaction")
    right = (lower <= upper) & (lower < torch.inf) & (upper > -torch.inf)
    if bool(right.all()):
        return
    row, column = torch.nonzero(~right)[0].tolist()
    low, high = float(lower[row, column]), float(upper[row, column])
    place = f"in sample {row}, reaction {column}"
    for name, bound, wrong in (("lower", low, np.inf), ("upper", high, -np.inf)):
        if np.isnan(bound):
            raise InputError(f"`{name}` is NaN {place}; expected a number, or {-wrong:g} for no bound")
        if bound == wrong:
            raise InputError(f"`{name}` is {bound:g} {place}; expected a finite number, or {-wrong:g} for no bound")
    raise InputError(f"`lower` exceeds `upper` {place}: {low:g} and {high:g}; expected numbers with lower ≤ upper")


def check_directions(lower: Tensor, upper: Tensor, widest: tuple[np.ndarray, np.ndarray]) -> None:
    """Check that no flux may move in a direction that the widest bounds block.

    Raises:
        InputError: A bound is wider than the widest in a direction that was removed.
    """
    low, high = (torch.from_numpy(bound).to(lower) for bound in widest)
    wrong = torch.nonzero(((lower < 0) & (low >= 0)) | ((upper > 0) & (high <= 0)))
    if len(wrong):
        row, column = wrong[0].tolist()
        raise InputError(
            f"bounds {lower[row, column]:g}, {upper[row, column]:g} of sample {row}, reaction {column} are wider "
            f"than those of the projection: {low[column]:g} and {high[column]:g} block one of these directions"
        )
