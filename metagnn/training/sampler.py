"""Shuffled batches that depend only on the seed and the epoch, so that a resumed run sees the same batches."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch.utils.data import Sampler


class ShuffledBatches(Sampler[list[int]]):
    """Sampler of the positions of every batch of an epoch.

    Args:
        samples: Number of samples.
        batch_size: Samples per batch; the last may be smaller.
        seed: Seed of the order.
    """

    def __init__(self, samples: int, batch_size: int, seed: int) -> None:
        self.samples, self.batch_size, self.seed, self.epoch = samples, batch_size, seed, 0

    def set_epoch(self, epoch: int) -> None:
        """Set the epoch; called by the trainer."""
        self.epoch = epoch

    def __len__(self) -> int:
        return -(-self.samples // self.batch_size)

    def __iter__(self) -> Iterator[list[int]]:
        # A generator reads the epoch only at the first batch: a trainer that resumes creates the iterator before it
        # sets the epoch.
        generator = torch.Generator().manual_seed((self.seed << 20) + self.epoch)
        order = torch.randperm(self.samples, generator=generator)
        for batch in order.split(self.batch_size):
            yield batch.tolist()
