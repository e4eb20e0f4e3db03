"""Rounds of training: how long to train where the number of epochs is not given."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import lightning.pytorch as lightning
import numpy as np
import pandas as pd
from torch.optim import Optimizer
from torch.optim.lr_scheduler import OneCycleLR

ROUNDS = (150, 300, 600)
"""Epochs of the rounds. Every round is a cycle of the learning rate and ends with a small one, so that its last loss
is that of a finished training. The sum is the budget."""

FITTED = 0.02
"""Mean squared error of the training fluxes, in units of their spread, at which no further round is trained."""

IMPROVED = 0.9
"""Share of the loss of the round before, above which a round has not improved it."""

TERMS = ("validation_flux_error", "validation_loss", "flux_error", "loss")
"""What a round is judged by: the first of these that was recorded."""


def rounds_of(epochs: int | None) -> tuple[int, ...]:
    """Return the epochs of every round: a given number is one round."""
    return ROUNDS if epochs is None else (epochs,)


class OneCycles(OneCycleLR):
    """One-cycle learning rates in a row; with a single cycle the same as torch's `OneCycleLR`.

    Args:
        optimizer: The optimiser.
        max_lr: Peak of every parameter group.
        cycles: Steps of every cycle.
    """

    def __init__(self, optimizer: Optimizer, max_lr: list[float], cycles: Sequence[int]) -> None:
        self.cycles = list(cycles)
        super().__init__(optimizer, max_lr=max_lr, total_steps=self.cycles[0])

    def get_lr(self) -> list[Any]:
        """Compute the rates of the step within its cycle."""
        step, cycle, within = self.last_epoch, 0, self.last_epoch
        while cycle + 1 < len(self.cycles) and within >= self.cycles[cycle]:
            within -= self.cycles[cycle]
            cycle += 1
        if cycle:
            # In steps of the first cycle, which the phases were made for, so that a step keeps its share of a cycle.
            self.last_epoch = within * self.cycles[0] / self.cycles[cycle]  # type: ignore[assignment]
        rates: list[Any] = super().get_lr()
        self.last_epoch = step
        return rates


class StopAfterRounds(lightning.Callback):
    """Ends the training after a round that has fitted the samples, or has not improved on the round before.

    It has no state of its own: it looks at the recorded epochs, which a resumed run has too. What it decides depends
    on the losses alone, never on the time, so that the same seed gives the same result on every machine.

    Args:
        rounds: Epochs of every round.
        rows: The recorded epochs so far, the last one included.
    """

    def __init__(self, rounds: Sequence[int], rows: Any) -> None:
        self._ends, self._rows = np.cumsum(rounds).tolist(), rows

    def on_train_epoch_end(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        """Decide at the end of a round."""
        if trainer.current_epoch + 1 in self._ends[:-1] and reason_to_stop(self._rows(), self._ends):
            trainer.should_stop = True


def reason_to_stop(rows: Sequence[dict[str, float]], ends: Sequence[int]) -> str:
    """Return why training ends after the last recorded epoch, which ends a round; empty if it goes on.

    Args:
        rows: The recorded epochs.
        ends: Number of epochs at the end of every round.
    """
    term = next(name for name in TERMS if name in rows[-1])
    losses = [rows[end - 1][term] for end in ends if end <= len(rows)]
    if losses[-1] <= FITTED:
        return "the training rows fit"
    if len(losses) > 1 and losses[-1] > IMPROVED * losses[-2]:
        return "the loss stopped falling"
    return f"{ends[-1]} epochs are the budget" if len(rows) >= ends[-1] else ""


def training_end(history: pd.DataFrame, epochs: int | None) -> str:
    """Say in words how long was trained and why no longer.

    Args:
        history: One row an epoch.
        epochs: The number asked for; None where the training decided.
    """
    count = f"{len(history)} epochs"
    ends = np.cumsum(rounds_of(epochs)).tolist()
    if epochs is not None or len(history) not in ends:
        return count
    rows = [{str(name): float(value) for name, value in row.items()} for row in history.to_dict("records")]
    return f"{count}: {reason_to_stop(rows, ends)}"
