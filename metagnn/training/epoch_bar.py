"""EpochBar: show finished epochs in a progress bar."""

from __future__ import annotations

import lightning.pytorch as lightning

from metagnn.progress import Progress


class EpochBar(lightning.Callback):
    """Callback that counts epochs, including those before a resumed checkpoint.

    Args:
        bar: Progress bar to update.
    """

    def __init__(self, bar: Progress) -> None:
        self._bar = bar

    def on_train_epoch_end(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        """Update the bar, in the first process only."""
        if trainer.is_global_zero:
            # Set the number, do not add one: a resumed run begins in the middle.
            self._bar.update(trainer.current_epoch + 1, trainer.max_epochs)
