"""Labels computed chunk by chunk into a file, so that a kill costs a chunk and not the night."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pandas as pd

from metagnn.datasets.label_folder import LabelFolder, LabelJob, unwritable
from metagnn.datasets.output import check_output
from metagnn.datasets.tables import ENDINGS, write_table
from metagnn.errors import TableError
from metagnn.fba.flux_simulator import Progress
from metagnn.fba.flux_solutions import FluxSolutions
from metagnn.fba.label_chunks import LabelTask, cut_rows, label_chunks, split_rows
from metagnn.fba.simulate import SAMPLE, collect_solutions, media_values, warn_unsolved
from metagnn.fba.table_values import table_knockouts
from metagnn.network.knockout import Knockouts
from metagnn.network.metabolic_network import MetabolicNetwork


def simulate_to_file(
    network: MetabolicNetwork,
    media: pd.DataFrame,
    method: str,
    path: str | Path,
    force: bool = False,
    resume: bool = False,
    jobs: int | None = None,
    progress: Progress | None = None,
) -> FluxSolutions:
    """Compute the fluxes of many media and write them as a table.

    Finished chunks lie in the folder `PATH.partial` until all are done; a run that was killed continues from there
    with `resume`, with any number of jobs. The table holds `sample` (if the media have it), `status`, then every
    reaction in network order [mmol/gDW/h].

    Args:
        network: The network.
        media: One row for every medium, as for `simulate_fluxes`.
        method: "min_norm", "pfba" or "fba".
        path: The .csv or .parquet file to write.
        force: Replace an existing file, and start an unfinished run anew.
        resume: Continue an unfinished run.
        jobs: Worker processes, as for `simulate_fluxes`. They compute; this process alone writes.
        progress: Called with how many media are done, and of how many.

    Raises:
        InputError: What `simulate_fluxes` raises.
        TableError: A path that ends in neither .csv nor .parquet.
        FolderError: The file exists or cannot be written; a run is unfinished and neither `force` nor `resume` is
            set; `resume` finds a run of another network, media or method; or the disk is full, in which case
            finished chunks are kept.
        ChildProcessError: Worker processes died several times in a row; finished chunks are kept.
    """
    names, uptakes = media_values(network, media)
    knockouts = table_knockouts(network, media)
    task = LabelTask.of(network, names, method)
    chunks = split_rows(len(uptakes), jobs)
    path = Path(path)
    if path.suffix.lower() not in ENDINGS:
        raise TableError(f"'{path}' has an unknown ending; expected {' or '.join(ENDINGS)}")
    check_output(path, force, resume)
    job = LabelJob(task.fingerprint, _media_hash(media, names, uptakes, knockouts), method, len(media), chunks[0].stop)
    folder = LabelFolder(path, job, force, resume)
    chunks = cut_rows(len(uptakes), folder.job.chunk)
    fluxes, status = _label(folder, task, (uptakes, knockouts), chunks, jobs, progress)
    solutions = collect_solutions(network, media.index, fluxes, status, method)
    table = pd.concat([solutions.status, solutions.fluxes], axis=1)
    if SAMPLE in media.columns:
        table.insert(0, SAMPLE, media[SAMPLE])
    try:
        write_table(table, path)
    except OSError as error:
        raise unwritable(path, error) from error
    folder.remove()
    warn_unsolved(solutions.status)
    return solutions


def _media_hash(media: pd.DataFrame, names: list[str], uptakes: np.ndarray, knockouts: Knockouts) -> str:
    samples = [str(value) for value in media[SAMPLE]] if SAMPLE in media.columns else None
    digest = hashlib.sha256(json.dumps([names, samples, knockouts.reactions.tolist()]).encode())
    digest.update(np.ascontiguousarray(uptakes).tobytes() + np.packbits(knockouts.closed).tobytes())
    return digest.hexdigest()


def _label(
    folder: LabelFolder,
    task: LabelTask,
    media: tuple[np.ndarray, Knockouts],
    chunks: list[slice],
    jobs: int | None,
    progress: Progress | None,
) -> tuple[np.ndarray, list[str]]:
    """Fluxes and statuses of all media, from the folder where it has them."""
    uptakes, knockouts = media
    fluxes, status = np.empty((len(uptakes), len(task.network.reactions))), [""] * len(uptakes)
    missing = []
    for rows in chunks:
        chunk = folder.load(rows)
        if chunk is None:
            missing.append(rows)
        else:
            fluxes[rows], status[rows] = chunk.fluxes, chunk.status
    kept = len(uptakes) - sum(rows.stop - rows.start for rows in missing)

    def report(done: int, _: int) -> None:
        if progress is not None:
            progress(kept + done, len(uptakes))

    report(0, 0)
    for chunk in label_chunks(task, uptakes, missing, jobs, report, knockouts):
        folder.store(chunk)
        fluxes[chunk.rows], status[chunk.rows] = chunk.fluxes, chunk.status
    return fluxes, status
