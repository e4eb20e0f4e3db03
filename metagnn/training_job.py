"""Train a predictor and save it in a folder; resume an interrupted run from its checkpoint."""

from __future__ import annotations

import dataclasses
import hashlib
import warnings
from pathlib import Path

import pandas as pd

from metagnn.errors import FolderError, TableError
from metagnn.files.output import WORK, followed
from metagnn.files.unfinished_run import UnfinishedRun
from metagnn.network.document import network_checksum
from metagnn.predictor import FluxPredictor
from metagnn.predictor_setup import SampleTables
from metagnn.training.checkpoint_io import SafetensorsCheckpointIO
from metagnn.training.fit import Checkpoints
from metagnn.training.processes import is_first_process


def train_to_folder(
    predictor: FluxPredictor,
    tables: SampleTables,
    folder: Path,
    force: bool = False,
    resume: bool = False,
    progress: bool | None = None,
) -> FluxPredictor:
    """Fit a predictor and save it, as an `UnfinishedRun` that keeps a checkpoint.

    With `resume`, continue from it; the result is that of an uninterrupted run. A damaged checkpoint is not believed:
    the training begins anew.

    Args:
        predictor: An unfitted predictor.
        tables: What to learn from.
        folder: The folder to write.
        force: Replace an existing folder.
        resume: Continue an unfinished run, if there is one.
        progress: Whether to show progress, as in `FluxPredictor.fit`.

    Returns:
        The predictor, fitted; that of the folder, if its run is finished.

    Raises:
        TableError: Inputs or targets are not valid.
        FolderError: As `UnfinishedRun`, for another network, other tables or other settings.
    """
    # Check the tables first: a run on bad input must not leave a folder behind.
    predictor.read_samples(tables)
    if not is_first_process():
        # The first process holds the lock and starts the others with the same command: they train and write nothing.
        state = followed(folder) / WORK
        return _fit(predictor, tables, Checkpoints(state, resume=True))
    job = _describe(predictor, tables)
    with UnfinishedRun(folder, job, folder=True, force=force, resume=resume) as run:
        if run.finished:
            return FluxPredictor.load(folder)
        checkpoints = Checkpoints(run.work, resume=True)
        _drop_damaged(checkpoints)
        try:
            with run.writing():
                _fit(predictor, tables, checkpoints, progress)
        except TableError:
            # Some invalid tables are only detected by solving them: nothing was trained, so leave nothing behind.
            run.discard()
            raise
        with run.writing():
            predictor.save(run.result)
        run.finish()
    return predictor


def _drop_damaged(checkpoints: Checkpoints) -> None:
    if checkpoints.path.exists():
        try:
            SafetensorsCheckpointIO().load_checkpoint(checkpoints.path)
        except FolderError:
            checkpoints.path.unlink()
            warnings.warn(f"'{checkpoints.path}' is damaged; the training begins anew", stacklevel=3)


def _fit(
    predictor: FluxPredictor, tables: SampleTables, checkpoints: Checkpoints, progress: bool | None = None
) -> FluxPredictor:
    return predictor.fit(
        tables.inputs, tables.targets, tables.features, groups=tables.groups, checkpoints=checkpoints, progress=progress
    )


def _describe(predictor: FluxPredictor, given: SampleTables) -> dict[str, object]:
    named = {field.name: getattr(given, field.name) for field in dataclasses.fields(given)}
    frames = {name: pd.DataFrame(table) for name, table in named.items() if table is not None}
    tables = {name: hashlib.sha256(table.to_csv().encode()).hexdigest() for name, table in frames.items()}
    parameters = predictor.get_params(deep=False) | predictor.resolved_settings()
    described = {name: str(value) for name, value in parameters.items() if name not in ("network", "inputs")}
    return {"network": network_checksum(predictor.network), **tables, "kind of inputs": predictor.inputs, **described}
