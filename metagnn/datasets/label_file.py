"""Labels computed chunk by chunk into a file, so that a kill costs one chunk and not the night."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import zipfile
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from metagnn.datasets.output import check_output, replace_file
from metagnn.datasets.tables import ENDINGS, write_table
from metagnn.errors import FolderError, InputError, TableError
from metagnn.fba.flux_solutions import FluxSolutions
from metagnn.fba.simulate import SAMPLE, FluxSimulator, Progress, collect_solutions, media_values, warn_unsolved
from metagnn.network.metabolic_network import MetabolicNetwork


@dataclass(frozen=True)
class _Job:
    """What a side folder belongs to."""

    network: str
    media: str
    method: str
    samples: int
    chunk: int


def simulate_to_file(
    network: MetabolicNetwork,
    media: pd.DataFrame,
    method: str,
    path: str | Path,
    force: bool = False,
    resume: bool = False,
    chunk: int = 256,
    progress: Progress | None = None,
) -> FluxSolutions:
    """Compute the fluxes of many media and write them as a table.

    Finished chunks lie in the folder `PATH.partial` until all are done; a run that was killed continues from
    there with `resume`. The table holds `sample` (if the media have it), `status`, then every reaction in
    network order [mmol/gDW/h].

    Args:
        network: The network.
        media: One row for every medium, as for `simulate_fluxes`.
        method: "min_norm", "pfba" or "fba".
        path: The .csv or .parquet file to write.
        force: Replace an existing file, and start an unfinished run anew.
        resume: Continue an unfinished run.
        chunk: Media in a chunk; a resumed run keeps the size it began with.
        progress: Called with how many media are done, and of how many.

    Raises:
        InputError: What `simulate_fluxes` raises, or a chunk below 1.
        TableError: A path that ends in neither .csv nor .parquet.
        FolderError: The file exists or cannot be written; a run is unfinished and neither `force` nor `resume`
            is set; or `resume` finds a run of another network, media or method.
    """
    names, uptakes = media_values(network, media)
    simulator = FluxSimulator(network, names, method)
    if chunk < 1:
        raise InputError(f"`chunk` is {chunk}; expected at least 1")
    path = Path(path)
    if path.suffix.lower() not in ENDINGS:
        raise TableError(f"'{path}' has an unknown ending; expected {' or '.join(ENDINGS)}")
    check_output(path, force, resume)
    job = _Job(network.fingerprint, _media_hash(media, names, uptakes), method, len(media), chunk)
    side = path.with_name(path.name + ".partial")
    job = _open_side(path, side, job, force, resume)
    parts = []
    for start in range(0, len(uptakes), job.chunk):
        rows = slice(start, min(start + job.chunk, len(uptakes)))
        parts.append(_chunk(side, rows, simulator, uptakes, progress))
    fluxes = np.concatenate([part[0] for part in parts])
    status = [text for part in parts for text in part[1]]
    solutions = collect_solutions(network, media.index, fluxes, status, method)
    table = pd.concat([solutions.status, solutions.fluxes], axis=1)
    if SAMPLE in media.columns:
        table.insert(0, SAMPLE, media[SAMPLE])
    write_table(table, path)
    shutil.rmtree(side)
    warn_unsolved(solutions.status)
    return solutions


def _media_hash(media: pd.DataFrame, names: list[str], uptakes: np.ndarray) -> str:
    samples = [str(value) for value in media[SAMPLE]] if SAMPLE in media.columns else None
    digest = hashlib.sha256(json.dumps([names, samples]).encode())
    digest.update(np.ascontiguousarray(uptakes).tobytes())
    return digest.hexdigest()


def _open_side(path: Path, side: Path, job: _Job, force: bool, resume: bool) -> _Job:
    """The job to run: the one that the side folder began, or a new one."""
    if force and not resume:
        shutil.rmtree(side, ignore_errors=True)
    if side.exists() and not resume:
        raise FolderError(f"'{side}' holds an unfinished run; use --resume to continue it or --force to start anew")
    if not side.exists():
        if path.exists() and resume and not force:
            raise FolderError(f"'{path}' is finished, there is nothing to resume; use --force to compute it anew")
        side.mkdir()
        replace_file(side / "job.json", json.dumps(asdict(job), indent=1).encode())
        return job
    try:
        begun = _Job(**json.loads((side / "job.json").read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise FolderError(f"'{side}' is damaged: job.json cannot be read; use --force to start anew") from error
    for name in ("network", "media", "method", "samples"):
        if getattr(begun, name) != getattr(job, name):
            what = f"{begun.method!r}, not {job.method!r}" if name == "method" else f"another {name}"
            what = "other media" if name in ("media", "samples") else what
            raise FolderError(f"'{side}' was begun with {what}; use --force to start anew")
    return begun


def _chunk(
    side: Path, rows: slice, simulator: FluxSimulator, uptakes: np.ndarray, progress: Progress | None
) -> tuple[np.ndarray, list[str]]:
    """Fluxes and statuses of some rows, from the side folder if it has them."""
    file = side / f"{rows.start:09d}.npz"
    try:
        with np.load(file, allow_pickle=False) as stored:
            fluxes, status = stored["fluxes"], [str(text) for text in stored["status"]]
        if len(fluxes) == len(status) == rows.stop - rows.start:
            if progress is not None:
                progress(rows.stop, len(uptakes))
            return fluxes, status
    except (OSError, ValueError, KeyError, zipfile.BadZipFile, EOFError):
        # Missing or damaged: computed again.
        pass

    def report(done: int, total: int) -> None:
        if progress is not None:
            progress(rows.start + done, len(uptakes))

    fluxes, status = simulator.solve(uptakes[rows], report)
    buffer = io.BytesIO()
    np.savez(buffer, fluxes=fluxes, status=np.array(status))
    replace_file(file, buffer.getvalue())
    return fluxes, status
