"""Train a predictor and save it in a folder; resume an interrupted run from its checkpoint."""

from __future__ import annotations

import hashlib
import warnings
from pathlib import Path

import pandas as pd

from metagnn.errors import FolderError, TableError
from metagnn.files.output import WORK, followed
from metagnn.files.unfinished_run import UnfinishedRun
from metagnn.network.document import network_checksum
from metagnn.predictor import FluxPredictor
from metagnn.training.checkpoint_io import SafetensorsCheckpointIO
from metagnn.training.fit import Checkpoints
from metagnn.training.processes import is_first_process


def train_to_folder(
    predictor: FluxPredictor,
    inputs: pd.DataFrame,
    targets: pd.DataFrame,
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
        inputs: Media, measured rates, or nutrients present in media.
        targets: Observed fluxes, or growth.
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
    predictor.read_samples(inputs, targets)
    if not is_first_process():
        # The first process holds the lock and starts the others with the same command: they train and write nothing.
        state = followed(folder) / WORK
        return predictor.fit(inputs, targets, checkpoints=Checkpoints(state, resume=True))
    job = _describe(predictor, inputs, targets)
    with UnfinishedRun(folder, job, folder=True, force=force, resume=resume) as run:
        if run.finished:
            return FluxPredictor.load(folder)
        checkpoints = Checkpoints(run.work, resume=True)
        _drop_damaged(checkpoints)
        try:
            with run.writing():
                predictor.fit(inputs, targets, checkpoints=checkpoints, progress=progress)
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


def _describe(predictor: FluxPredictor, inputs: pd.DataFrame, targets: pd.DataFrame) -> dict[str, object]:
    given = {"inputs": inputs, "targets": targets}
    tables = {name: hashlib.sha256(table.to_csv().encode()).hexdigest() for name, table in given.items()}
    parameters = predictor.get_params(deep=False) | predictor.resolved_settings()
    described = {name: str(value) for name, value in parameters.items() if name not in ("network", "inputs")}
    return {"network": network_checksum(predictor.network), **tables, "kind of inputs": predictor.inputs, **described}
