"""Train a predictor and save it in a folder; resume an interrupted run from its checkpoint."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import pandas as pd

from metagnn.errors import FolderError, TableError
from metagnn.files.output import check_output, replace_file
from metagnn.predictor import FluxPredictor
from metagnn.training.fit import Checkpoints
from metagnn.training.processes import is_first_process

UNFINISHED, JOB = "unfinished", "job.json"


def train_to_folder(
    predictor: FluxPredictor,
    inputs: pd.DataFrame,
    targets: pd.DataFrame,
    folder: Path,
    force: bool = False,
    resume: bool = False,
    progress: bool | None = None,
) -> None:
    """Fit a predictor and save it.

    During training, keep a checkpoint in the subfolder `unfinished`. With `resume`, continue from it; the result is
    that of an uninterrupted run.

    Args:
        predictor: An unfitted predictor, which this function fits.
        inputs: Media, measured rates, or nutrients present in media.
        targets: Observed fluxes, or growth.
        folder: The folder to write.
        force: Replace an existing folder.
        resume: Continue an unfinished run.
        progress: Whether to show progress, as in `FluxPredictor.fit`.

    Raises:
        TableError: Inputs or targets are not valid.
        FolderError: The folder exists or cannot be written, or the unfinished run is of another job.
    """
    # Check the tables first: a run on bad input must not leave a folder behind.
    predictor.read_samples(inputs, targets)
    state = folder / UNFINISHED
    if not is_first_process():
        # The first process starts the others with the same command. They only train and write nothing.
        predictor.fit(inputs, targets, checkpoints=Checkpoints(state, resume=resume))
        return
    check_output(folder, force, resume, folder=True)
    if resume and not state.is_dir() and any(folder.iterdir()):
        raise FolderError(f"'{folder}' holds no unfinished run to resume; use --force to train anew")
    if not resume and state.is_dir():
        shutil.rmtree(state)
    state.mkdir(exist_ok=True)
    _claim(state / JOB, _describe(predictor, inputs, targets))
    try:
        predictor.fit(inputs, targets, checkpoints=Checkpoints(state, resume=resume), progress=progress)
    except TableError:
        # Some invalid tables are only detected by solving them: nothing was trained, so leave nothing behind.
        shutil.rmtree(state)
        if not any(folder.iterdir()):
            folder.rmdir()
        raise
    predictor.save(folder)
    shutil.rmtree(state)


def _claim(path: Path, job: dict[str, object]) -> None:
    """Write the description of the run, or check that the unfinished run has the same one."""
    text = json.dumps(job, indent=2)
    if path.is_file() and path.read_text(encoding="utf-8") != text:
        raise FolderError(
            f"'{path.parent}' holds an unfinished run of another network, table or setting; "
            "repeat its command, or use --force to train anew"
        )
    replace_file(path, text.encode())


def _describe(predictor: FluxPredictor, inputs: pd.DataFrame, targets: pd.DataFrame) -> dict[str, object]:
    digest = hashlib.sha256()
    for table in (inputs, targets):
        digest.update(table.to_csv().encode())
    parameters = predictor.get_params(deep=False) | predictor.resolved_settings()
    described = {name: str(value) for name, value in parameters.items() if name != "network"}
    return {"network": predictor.network.fingerprint, "tables": digest.hexdigest(), **described}
