"""EpochBar: tells a progress bar how many epochs are done."""

from __future__ import annotations

import lightning.pytorch as lightning

from metagnn.progress import Progress


class EpochBar(lightning.Callback):
    """Counts the epochs of a run, those before a resumed checkpoint included.

    Args:
        bar: The bar.
    """

    def __init__(self, bar: Progress) -> None:
        self._bar = bar

    def on_train_epoch_end(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        """Count the epoch; of several processes that one call has started, the first one alone counts."""
        if trainer.is_global_zero:
            # Not one more: a resumed run begins in the middle.
            self._bar.update(trainer.current_epoch + 1, trainer.max_epochs)
