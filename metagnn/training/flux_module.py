"""The Lightning module: one training step, one schedule."""

from __future__ import annotations

import dataclasses
import logging
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


class FluxModule(lightning.LightningModule):
    """Trains any flux model on any objective.

    Args:
        model: The model.
        objective: The terms.
        config: Optimiser and schedule.
        total_steps: Steps of the whole run, for the schedule.
    """

    def __init__(
        self, model: AbstractFluxModel, objective: Objective, config: TrainingConfig, total_steps: int
    ) -> None:
        super().__init__()
        self.model, self.objective, self.config, self.total_steps = model, objective, config, total_steps
        self._seen: list[tuple[int, dict[str, Tensor]]] = []

    def transfer_batch_to_device(self, batch: FluxBatch, device: torch.device, dataloader_idx: int) -> FluxBatch:
        """Move a batch; Lightning's own search through its fields costs as much as a step of a small network."""
        return batch.to(device)

    def on_fit_start(self) -> None:
        """Set what a process that Lightning has started does not know yet: the number of threads, and to be quiet."""
        torch.set_num_threads(self.config.threads)
        logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)

    def training_step(self, batch: FluxBatch, batch_index: int) -> Tensor:
        """Loss of a batch."""
        total = self._loss(batch)
        if self.trainer.is_last_batch:
            self._log_means("")
        return total

    def validation_step(self, batch: FluxBatch, batch_index: int) -> Tensor:
        """Loss of a batch that is not trained on."""
        return self._loss(batch)

    def on_train_epoch_start(self) -> None:
        """Start the means of the terms afresh."""
        self._seen.clear()

    def on_validation_epoch_start(self) -> None:
        """Start the means of the terms afresh."""
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
        fluxes = gather_rows(prediction.fluxes, len(batch), rank, self.all_gather)
        return dataclasses.replace(prediction, fluxes=fluxes)

    def _log_means(self, prefix: str) -> None:
        # Once an epoch: Lightning's own running means cost more than a step of a small network. Every process has the
        # losses of whole batches; averaged over them, they stay what they are.
        samples = sum(count for count, _ in self._seen)
        means = {
            prefix + name: torch.stack([count * terms[name] for count, terms in self._seen]).sum() / samples
            for name in self._seen[0][1]
        }
        self.log_dict(means, on_step=False, on_epoch=True, batch_size=samples, sync_dist=self.trainer.world_size > 1)
        self._seen.clear()

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Add by what a run is known."""
        checkpoint["total_steps"] = self.total_steps

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Refuse the checkpoint of another run.

        Raises:
            FolderError: Another model, or another number of steps, for which the schedule would be wrong.
        """
        states = (self.state_dict(), checkpoint["state_dict"])
        own, saved = ({name: tuple(tensor.shape) for name, tensor in state.items()} for state in states)
        steps = checkpoint.get("total_steps")
        if own != saved or steps != self.total_steps:
            what = f"of {steps} steps, not {self.total_steps}" if own == saved else "of another model"
            raise FolderError(f"the checkpoint is {what}; resume with the settings that it began with, or start anew")

    def configure_optimizers(self) -> Any:
        """AdamW with a one-cycle learning rate, or plain gradient descent with a constant one."""
        groups = self._parameter_groups()
        if self.config.optimizer == "sgd":
            return torch.optim.SGD(groups)
        optimizer = torch.optim.AdamW(groups, fused=True)
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimizer, max_lr=[group["lr"] for group in groups], total_steps=self.total_steps
        )
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}

    def _parameter_groups(self) -> list[dict[str, Any]]:
        """Composition apart from the weights: it moves faster, and decay would pull it to the model's own."""
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
