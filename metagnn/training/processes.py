"""Training in several processes: each predicts its share of a batch, all know the loss of the whole."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from lightning.fabric.utilities.rank_zero import rank_zero_only
from torch import Tensor

from metagnn.training.config import TrainingConfig


def is_first_process() -> bool:
    """Whether this process is the one that writes and prints; the others run the same program beside it."""
    return not getattr(rank_zero_only, "rank", 0)


def strategy_name(config: TrainingConfig) -> str:
    """Lightning's name of the strategy.

    A loss need not depend on every parameter (without measurements, none is trusted), and processes would wait for
    its gradient forever. Looking which are left out costs a walk through the graph in every step.
    """
    everything = config.devices in ("auto", "-1", -1)
    several = torch.cuda.device_count() > 1 if everything else str(config.devices) != "1"
    name = "ddp" if config.strategy == "auto" and several else config.strategy
    plain = name.startswith("ddp") and "find_unused" not in name
    return f"{name}_find_unused_parameters_true" if plain else name


def own_rows(samples: int, rank: int, processes: int) -> Tensor:
    """Positions of a process's share of a batch; all shares are equally long, the last ones repeat the last row.

    >>> [own_rows(5, rank, 2).tolist() for rank in range(2)]
    [[0, 1, 2], [3, 4, 4]]
    """
    share = -(-samples // processes)
    return torch.arange(rank * share, (rank + 1) * share).clamp(max=samples - 1)


def gather_rows(own: Tensor, samples: int, rank: int, gather: Callable[[Tensor], Any]) -> Tensor:
    """The rows of all processes, in the order of the batch.

    Every process then computes the same loss of the whole batch, whatever its terms: a mean over the observed values
    is no mean of means. The gradient flows to a process's own rows only, times the number of processes, because the
    gradients of all will be averaged; what a loss takes from the parameters directly needs no such factor.

    Args:
        own: What this process computed for its `own_rows`, shape `[share, …]`.
        samples: Samples of the whole batch.
        rank: Which process this is.
        gather: Stacks a tensor of all processes along a new first dimension, without gradients.
    """
    parts = list(gather(own.detach()))
    # Exactly the value, but with its gradient multiplied.
    parts[rank] = own.detach() + len(parts) * (own - own.detach())
    return torch.cat(parts)[:samples]
