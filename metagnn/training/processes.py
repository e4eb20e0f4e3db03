"""Training in several processes: each predicts its share of a batch and computes the loss of the whole batch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from lightning.fabric.utilities.rank_zero import rank_zero_only
from torch import Tensor

from metagnn.training.config import TrainingConfig


def is_first_process() -> bool:
    """Return whether this is the process that writes and prints; the others run the same program."""
    return not getattr(rank_zero_only, "rank", 0)


def strategy_name(config: TrainingConfig) -> str:
    """Return Lightning's name of the strategy.

    "ddp" gets the variant that finds unused parameters, because a loss need not depend on every parameter and the
    processes would wait forever for a missing gradient. The search costs a walk through the graph in every step.
    """
    everything = config.devices in ("auto", "-1", -1)
    several = torch.cuda.device_count() > 1 if everything else str(config.devices) != "1"
    name = "ddp" if config.strategy == "auto" and several else config.strategy
    plain = name.startswith("ddp") and "find_unused" not in name
    return f"{name}_find_unused_parameters_true" if plain else name


def own_rows(samples: int, rank: int, processes: int) -> Tensor:
    """Return the positions of a process's share of a batch; pad the last shares by repeating the last row.

    >>> [own_rows(5, rank, 2).tolist() for rank in range(2)]
    [[0, 1, 2], [3, 4, 4]]
    """
    share = -(-samples // processes)
    return torch.arange(rank * share, (rank + 1) * share).clamp(max=samples - 1)


def gather_rows(own: Tensor, samples: int, rank: int, gather: Callable[[Tensor], Any]) -> Tensor:
    """Gather the rows of all processes, in the order of the batch.

    Every process then computes the same loss of the whole batch: the mean over observed values is not the mean of the
    processes' means. The gradient flows only to a process's own rows, multiplied by the number of processes, because
    "ddp" averages gradients over processes. Gradients of loss terms that use parameters directly need no such factor.

    Args:
        own: Results of this process for its `own_rows`, shape `[share, …]`.
        samples: Samples of the whole batch.
        rank: Rank of this process.
        gather: Function that stacks a tensor of all processes along a new first dimension, without gradients.
    """
    parts = list(gather(own.detach()))
    # Keep the value exactly, multiply its gradient.
    parts[rank] = own.detach() + len(parts) * (own - own.detach())
    return torch.cat(parts)[:samples]
