"""Shuffled batches that depend on the seed and the epoch alone, so that a resumed run repeats nothing."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch.utils.data import Sampler


class ShuffledBatches(Sampler[list[int]]):
    """Positions of every batch of an epoch.

    Args:
        samples: Number of samples.
        batch_size: Samples per batch; the last may be smaller.
        seed: Seed of the order.
    """

    def __init__(self, samples: int, batch_size: int, seed: int) -> None:
        self.samples, self.batch_size, self.seed, self.epoch = samples, batch_size, seed, 0

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch; the trainer calls it."""
        self.epoch = epoch

    def __len__(self) -> int:
        return -(-self.samples // self.batch_size)

    def __iter__(self) -> Iterator[list[int]]:
        # A generator, so that the epoch counts that is set when the first batch is asked for: a trainer that resumes
        # takes the iterator first and sets the epoch afterwards.
        generator = torch.Generator().manual_seed((self.seed << 20) + self.epoch)
        order = torch.randperm(self.samples, generator=generator)
        for batch in order.split(self.batch_size):
            yield batch.tolist()
