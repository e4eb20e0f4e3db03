"""Lightning module for the training of flux models."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

import lightning.pytorch as lightning
import torch
from torch import Tensor

from metagnn.datasets.flux_batch import FluxBatch
from metagnn.errors import FolderError
from metagnn.models.flux_model import AbstractFluxModel
from metagnn.models.flux_prediction import FluxPrediction
from metagnn.nn.biomass import BiomassComposition
from metagnn.training.config import TrainingConfig
from metagnn.training.objective import Objective
from metagnn.training.processes import gather_rows, own_rows
from metagnn.training.rounds import OneCycles


class FluxModule(lightning.LightningModule):
    """Lightning module that trains any flux model on any objective.

    Args:
        model: The model.
        objective: The objective.
        config: Settings of the optimiser and the schedule.
        rounds: Steps of every round of the whole run, for the schedule.
    """

    def __init__(
        self, model: AbstractFluxModel, objective: Objective, config: TrainingConfig, rounds: Sequence[int]
    ) -> None:
        super().__init__()
        self.model, self.objective, self.config, self.rounds = model, objective, config, list(rounds)
        self.total_steps = sum(self.rounds)
        self._seen: list[tuple[int, dict[str, Tensor]]] = []

    def transfer_batch_to_device(self, batch: FluxBatch, device: torch.device, dataloader_idx: int) -> FluxBatch:
        """Move a batch; Lightning's own search for tensors costs as much as a step of a small network."""
        return batch.to(device)

    def on_fit_start(self) -> None:
        """Set the number of threads and the log level in each process that Lightning starts."""
        torch.set_num_threads(self.config.threads)
        logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)

    def training_step(self, batch: FluxBatch, batch_index: int) -> Tensor:
        """Compute the loss of a training batch."""
        total = self._loss(batch)
        if self.trainer.is_last_batch:
            self._log_means("")
        return total

    def validation_step(self, batch: FluxBatch, batch_index: int) -> Tensor:
        """Compute the loss of a validation batch."""
        return self._loss(batch)

    def on_train_epoch_start(self) -> None:
        """Reset the means of the terms."""
        self._seen.clear()

    def on_validation_epoch_start(self) -> None:
        """Reset the means of the terms."""
        self._seen.clear()

    def on_validation_epoch_end(self) -> None:
        """Log the means of the terms."""
        self._log_means("validation_")

    def _loss(self, batch: FluxBatch) -> Tensor:
        prediction = self._predict(batch)
        total: Tensor
        total, terms = self.objective(prediction, batch)
        seen = {"loss": total.detach()} | {name: term.detach() for name, term in terms.items()}
        self._seen.append((len(batch), seen))
        return total

    def _predict(self, batch: FluxBatch) -> FluxPrediction:
        rank, processes = self.trainer.global_rank, self.trainer.world_size
        own = batch if processes == 1 else batch.rows(own_rows(len(batch), rank, processes))
        prediction: FluxPrediction = self.model(own.conditions)
        if processes == 1:
            return prediction
        return prediction.gathered(lambda rows: gather_rows(rows, len(batch), rank, self.all_gather))

    def _log_means(self, prefix: str) -> None:
        # Once an epoch: Lightning's own running means cost more than a step of a small network. All processes have the
        # losses of whole batches, so averaging over processes does not change them.
        samples = sum(count for count, _ in self._seen)
        means = {
            prefix + name: torch.stack([count * terms[name] for count, terms in self._seen]).sum() / samples
            for name in self._seen[0][1]
        }
        self.log_dict(means, on_step=False, on_epoch=True, batch_size=samples, sync_dist=self.trainer.world_size > 1)
        self._seen.clear()

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Add the number of steps, which identifies the run."""
        checkpoint["total_steps"] = self.total_steps

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Reject the checkpoint of another run.

        Raises:
            FolderError: The checkpoint is of another model, or of another number of steps, which changes the schedule.
        """
        states = (self.state_dict(), checkpoint["state_dict"])
        own, saved = ({name: tuple(tensor.shape) for name, tensor in state.items()} for state in states)
        steps = checkpoint.get("total_steps")
        if own != saved or steps != self.total_steps:
            what = f"of {steps} steps, not {self.total_steps}" if own == saved else "of another model"
            raise FolderError(f"the checkpoint is {what}; resume with the settings of that run, or start anew")

    def configure_optimizers(self) -> Any:
        """Return AdamW with a one-cycle learning rate, or gradient descent with a constant one."""
        groups = self._parameter_groups()
        if self.config.optimizer == "sgd":
            return torch.optim.SGD(groups)
        optimizer = torch.optim.AdamW(groups, fused=True)
        schedule = OneCycles(optimizer, [group["lr"] for group in groups], self.rounds)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}

    def _parameter_groups(self) -> list[dict[str, Any]]:
        """Separate the composition from the weights: give it a higher learning rate and no weight decay."""
        composition = [
            parameter
            for module in self.model.modules()
            if isinstance(module, BiomassComposition)
            for parameter in module.parameters()
        ]
        apart = {id(parameter) for parameter in composition}
        weights = [parameter for parameter in self.model.parameters() if id(parameter) not in apart]
        groups = [
            {"params": weights, "lr": self.config.learning_rate, "weight_decay": self.config.weight_decay},
            {"params": composition, "lr": self.config.composition_learning_rate, "weight_decay": 0.0},
        ]
        return [group for group in groups if group["params"]]
