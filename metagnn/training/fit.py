"""One training run: progress, early stopping, checkpoints, resume."""

from __future__ import annotations

import contextlib
import json
import logging
import math
import signal
import tempfile
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lightning.pytorch as lightning
import pandas as pd
import torch
from lightning.fabric.utilities.exceptions import MisconfigurationException
from lightning.pytorch.callbacks import EarlyStopping, ModelCheckpoint
from torch.utils.data import DataLoader

from metagnn.datasets.flux_batch import FluxBatch, FluxDataset
from metagnn.errors import InputError
from metagnn.models.flux_model import AbstractFluxModel
from metagnn.progress import Progress
from metagnn.training.checkpoint_io import SafetensorsCheckpointIO
from metagnn.training.config import TrainingConfig
from metagnn.training.epoch_bar import EpochBar
from metagnn.training.flux_module import FluxModule
from metagnn.training.objective import Objective
from metagnn.training.processes import is_first_process, strategy_name
from metagnn.training.rounds import StopAfterRounds, rounds_of
from metagnn.training.sampler import ShuffledBatches

CHECKPOINT = "last.ckpt"


@dataclass(frozen=True)
class Checkpoints:
    """Where a run keeps its state.

    Attributes:
        folder: Folder of the checkpoint.
        resume: Whether to go on from a checkpoint that is there.
        every: Epochs between checkpoints.
    """

    folder: Path
    resume: bool = False
    every: int = 10

    @property
    def path(self) -> Path:
        """The newest checkpoint."""
        return self.folder / CHECKPOINT


Watch = Callable[[AbstractFluxModel], dict[str, float]]
"""Measures something of the model while it trains, such as its error on other samples; by name."""

WATCH_EVERY = 5
"""Epochs between two looks of a watch; the last epoch is always looked at."""


class History(lightning.Callback):
    """Collects every logged term of every epoch; kept in checkpoints, so that a resumed run has it whole.

    Args:
        watch: What else to record.
        copy: A file for the rows when training ends: strategies that start processes leave this one's memory as it was.
    """

    def __init__(self, watch: Watch | None = None, copy: Path | None = None) -> None:
        self.rows: list[dict[str, float]] = []
        self.watch, self.copy = watch, copy

    def on_train_epoch_end(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        """Record the epoch."""
        metrics = {name: float(value) for name, value in trainer.callback_metrics.items()}
        broken = [name for name, value in metrics.items() if not math.isfinite(value)]
        if trainer.current_epoch == 0 and broken:
            raise InputError(
                f"{', '.join(broken)} cannot be computed: a flux in it is neither measured nor predicted by the model; "
                "measure it, give the model a head for it, or set the weight of the term to 0"
            )
        epoch, last = trainer.current_epoch, trainer.current_epoch + 1 == trainer.max_epochs
        if self.watch is not None and isinstance(pl_module, FluxModule) and (epoch % WATCH_EVERY == 0 or last):
            with torch.no_grad():
                metrics |= self.watch(pl_module.model)
        self.rows.append({"epoch": epoch, **metrics})

    def on_fit_end(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        """Leave a copy for the process that waits for the result."""
        if self.copy is not None and trainer.is_global_zero:
            self.copy.write_text(json.dumps(self.rows), encoding="utf-8")

    def collected(self) -> list[dict[str, float]]:
        """All rows, wherever they were recorded."""
        if self.copy is None or not self.copy.is_file():
            return self.rows
        rows: list[dict[str, float]] = json.loads(self.copy.read_text(encoding="utf-8"))
        return rows

    def state_dict(self) -> dict[str, Any]:
        """What a checkpoint keeps."""
        return {"rows": self.rows}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take up where a checkpoint ended."""
        self.rows = list(state_dict["rows"])


def fit_fluxes(
    model: AbstractFluxModel,
    objective: Objective,
    samples: FluxBatch,
    config: TrainingConfig,
    seed: int = 0,
    checkpoints: Checkpoints | None = None,
    progress: bool | None = None,
    watch: Watch | None = None,
) -> pd.DataFrame:
    """Train a flux model in place.

    Args:
        model: The model.
        objective: The terms.
        samples: All samples, complete with their observed fluxes.
        config: Optimiser, schedule, devices.
        seed: Seed of the order of the samples and of the validation split.
        checkpoints: Where to keep the state, if anywhere.
        progress: Whether to show progress: a bar on a terminal or in a notebook, elsewhere a line every 30 s; by
            default on a terminal and in a notebook only.
        watch: What else to record, every few epochs.

    Returns:
        The history: one row per epoch with every term, and what was watched, NaN where it was not looked at.

    Raises:
        InputError: An accelerator, a number of devices or a strategy that this machine does not have.
        FolderError: The checkpoint to resume from is damaged, or of another run.
    """
    train, validation = _split(samples, config.validation_fraction, seed)
    sampler = ShuffledBatches(len(train), config.batch_size, seed)
    rounds = rounds_of(config.epochs)
    module = FluxModule(model, objective, config, [epochs * len(sampler) for epochs in rounds])
    resumes = checkpoints is not None and checkpoints.resume and checkpoints.path.is_file()
    loader = DataLoader(FluxDataset(train), sampler=sampler, batch_size=None)
    watched = None
    if validation is not None:
        in_order = [list(range(len(validation)))]
        watched = DataLoader(FluxDataset(validation), sampler=in_order, batch_size=None)
    # Loaders draw from torch's own generator: fork it, so that the caller's is left as it was.
    with (
        _quiet_lightning(), _interrupts_rise(), cpu_threads(config.threads), torch.random.fork_rng(devices=[]),
        tempfile.TemporaryDirectory() as scratch,
        Progress(sum(rounds), "epochs", progress if is_first_process() else False) as bar,
    ):  # fmt: skip
        history = History(watch, Path(scratch) / "history.json")
        # The rounds after the history: they look at its last row.
        ended = StopAfterRounds(rounds, lambda: history.rows)
        callbacks = [history, ended, EpochBar(bar), *_callbacks(config, checkpoints)]
        trainer = _trainer(config, callbacks, checkpoints is not None)
        # Lightning keeps the mode it finds; what a model does in evaluation only (the polytope) costs a step threefold.
        model.train()
        trainer.fit(module, loader, watched, ckpt_path=checkpoints.path if checkpoints and resumes else None)
        rows = history.collected()
    model.cpu().eval()
    return pd.DataFrame(rows)


def _trainer(config: TrainingConfig, callbacks: list[lightning.Callback], checkpointing: bool) -> lightning.Trainer:
    try:
        return lightning.Trainer(
            accelerator=config.accelerator, devices=config.devices, strategy=strategy_name(config),
            # Every process takes whole batches and predicts its share: the batch size is that of all together.
            use_distributed_sampler=False, max_epochs=sum(rounds_of(config.epochs)),
            gradient_clip_val=config.gradient_clip, callbacks=callbacks, plugins=[SafetensorsCheckpointIO()],
            logger=False, enable_checkpointing=checkpointing, enable_progress_bar=False, enable_model_summary=False,
            num_sanity_val_steps=0,
        )  # fmt: skip
    except (MisconfigurationException, ValueError, TypeError) as error:
        asked = f"`accelerator` {config.accelerator!r}, `devices` {config.devices!r}, `strategy` {config.strategy!r}"
        raise InputError(f"{asked} cannot be had here: {str(error).strip().splitlines()[0]}") from error


def _callbacks(config: TrainingConfig, checkpoints: Checkpoints | None) -> list[lightning.Callback]:
    callbacks: list[lightning.Callback] = []
    if config.patience is not None:
        callbacks.append(EarlyStopping("validation_loss", patience=config.patience))
    if checkpoints is not None:
        keeper = ModelCheckpoint(
            checkpoints.folder, filename=CHECKPOINT.removesuffix(".ckpt"), every_n_epochs=checkpoints.every,
            save_on_train_epoch_end=True, enable_version_counter=False,
        )  # fmt: skip
        callbacks.append(keeper)
    return callbacks


def _split(samples: FluxBatch, fraction: float, seed: int) -> tuple[FluxBatch, FluxBatch | None]:
    held_out = round(fraction * len(samples))
    if held_out == 0:
        return samples, None
    (order,) = ShuffledBatches(len(samples), len(samples), seed)
    return samples.rows(order[held_out:]), samples.rows(order[:held_out])


@contextlib.contextmanager
def cpu_threads(count: int) -> Iterator[None]:
    """A fixed number of torch's CPU threads, so that a result does not depend on the machine."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextlib.contextmanager
def _quiet_lightning() -> Iterator[None]:
    """Silence Lightning's notes on hardware, workers and its own checkpoints; errors still rise."""
    loggers = [logging.getLogger(name) for name in ("lightning.pytorch", "lightning.fabric")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", module=r"lightning\..*")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


@contextlib.contextmanager
def _interrupts_rise() -> Iterator[None]:
    """Let an interrupt through: Lightning ends the process instead, and ignores every later interrupt."""
    handler = signal.getsignal(signal.SIGINT)
    try:
        yield
    except SystemExit as error:
        if not isinstance(error.__context__, KeyboardInterrupt):
            raise
        signal.signal(signal.SIGINT, handler)
        raise error.__context__ from None
