"""Carry the weights of one network to another: what belongs to an exchange goes with its name."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

OWN, PAIRS = (".own", "seen"), "pairs.own"
"""Ends of the names of what has a last axis of exchanges, and of pairs of exchanges."""

OF_NETWORK = ("codes", "steps", "growth_scale", "cuts.")
"""Beginnings of the names of what belongs to one network and its training."""


def carry_over(
    saved: Mapping[str, Tensor], fresh: Mapping[str, Tensor], codes: Tensor, own: Tensor
) -> dict[str, Tensor]:
    """Return a state for a network with other exchanges.

    Args:
        saved: State of the trained model.
        fresh: State of the new model.
        codes: Codes of the names of the trained model's exchanges, shape `[exchanges]`.
        own: Those of the new model's.
    """
    same = own[:, None] == codes
    known, place = same.any(1), same.to(torch.uint8).argmax(1)
    state = {}
    for name, value in saved.items():
        if name.startswith(OF_NETWORK):
            state[name] = fresh[name]
        elif name.endswith(PAIRS):
            pairs = value.unflatten(-1, (len(codes), len(codes)))[..., place[:, None], place]
            state[name] = (pairs * (known[:, None] & known)).flatten(-2)
        elif name.endswith(OWN):
            state[name] = value[..., place] * known
        else:
            state[name] = value
    return state
