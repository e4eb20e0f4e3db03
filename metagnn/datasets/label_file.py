"""Write labels chunk by chunk: an interrupted run loses at most one chunk, and memory holds one chunk."""

from __future__ import annotations

import hashlib
import html
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from metagnn.errors import FolderError
from metagnn.fba.growth_capacity import GROWS
from metagnn.fba.label_chunks import LARGEST_CHUNK, LabelChunk, LabelTask, cut_rows, label_chunks, split_rows
from metagnn.fba.law_errors import law_errors
from metagnn.fba.simulate import SAMPLE, media_values, warn_unsolved
from metagnn.files.flux_columns import flux_columns
from metagnn.files.output import check_output
from metagnn.files.table_formats import find_format
from metagnn.files.table_reader import read_table, read_table_chunks
from metagnn.files.table_values import table_knockouts, with_labels
from metagnn.files.table_writer import TableWriter
from metagnn.files.unfinished_run import UnfinishedRun
from metagnn.network.knockout import Knockouts
from metagnn.network.metabolic_network import MetabolicNetwork
from metagnn.network.network_like import NetworkLike, as_network
from metagnn.progress import Report, reported


@dataclass(frozen=True, eq=False)
class LabelFile:
    """A table of fluxes on disk, with the status of every medium and the largest errors.

    Attributes:
        path: The table.
        status: "optimal", "infeasible", "unbounded", or "failed: " and the reason, by medium.
        max_abs_sv: Largest |S·v| of all media [mmol/gDW/h].
        max_bound_violation: Largest violation of a bound [mmol/gDW/h].
        growing: Number of media with growth above zero.
    """

    path: Path
    status: pd.Series
    max_abs_sv: float
    max_bound_violation: float
    growing: int

    @property
    def feasible(self) -> pd.Series:
        """Whether each medium has a solution, boolean, by medium."""
        return self.status == "optimal"

    def __repr__(self) -> str:
        return f"LabelFile({str(self.path)!r}, {int(self.feasible.sum())} of {len(self.status)} media optimal)"

    def _repr_html_(self) -> str:
        rows = {
            **{f"media {status}": count for status, count in self.status.value_counts().items()},
            "max |S·v| [mmol/gDW/h]": f"{self.max_abs_sv:.1e}",
            "worst bound violation [mmol/gDW/h]": f"{self.max_bound_violation:.1e}",
        }
        return f"<p>{html.escape(repr(self))}</p>" + pd.Series(rows).to_frame().to_html(header=False)

    def read_fluxes(self) -> pd.DataFrame:
        """Read all fluxes into memory: one column per reaction, in network order, indexed by medium [mmol/gDW/h]."""
        table = flux_columns(read_table(self.path), "fluxes")
        return table.set_axis(self.status.index, axis=0)


def simulate_to_file(
    network: NetworkLike,
    media: pd.DataFrame,
    method: str,
    path: str | Path,
    force: bool = False,
    resume: bool = False,
    jobs: int | None = None,
    progress: bool | Report | None = None,
) -> LabelFile:
    """Compute the fluxes of many media and write them as a table, with one chunk of fluxes in memory.

    `UnfinishedRun` keeps finished chunks in `PATH.partial` until all are done; `resume` continues from there, with any
    number of jobs, and recognises a finished table. Columns: the labels of the media, such as `sample`; `status`; every
    reaction in network order [mmol/gDW/h].

    Args:
        network: The network.
        media: One row for every medium, as for `simulate_fluxes`.
        method: "min_norm", "pfba" or "fba".
        path: The table to write; its ending names the format, .csv or .parquet.
        force: Replace an existing file; discard an unfinished run.
        resume: Continue an unfinished run, if there is one.
        jobs: Worker processes, as for `simulate_fluxes`. Only this process writes.
        progress: Whether to show progress, or a callable that receives it, as for `simulate_fluxes`.

    Raises:
        InputError: As for `simulate_fluxes`.
        TableError: The ending of the path names no format.
        FolderError: As `UnfinishedRun`, for another network, media or method; or the disk is full (finished chunks are
            kept).
        ChildProcessError: Worker processes died several times in a row; finished chunks are kept.
    """
    network = as_network(network)
    (names, uptakes), knockouts = media_values(network, media), table_knockouts(network, media)
    task, chunks, path = LabelTask.create(network, names, method), split_rows(len(uptakes), jobs), Path(path)
    find_format(path, write=True)
    check_output(path, force, resume)
    job = {"network": task.fingerprint, "media": _media_hash(media, names, uptakes, knockouts), "method": method}
    free = {"chunk": chunks[0].stop}
    with UnfinishedRun(path, job, folder=False, force=force, resume=resume, free=free) as run:
        if run.finished:
            status = [text for part in read_table_chunks(path, LARGEST_CHUNK) for text in part["status"]]
            return _written(path, media, status, run.note)
        chunks = cut_rows(len(uptakes), run.free["chunk"])
        with reported(progress, len(uptakes), "media") as report:
            _label(run, task, (uptakes, knockouts), chunks, jobs, report)
        laws = _Laws(task, uptakes, knockouts)
        with run.writing(), TableWriter(run.result / path.name) as writer:
            for chunk in _finished(run, path, chunks):
                laws.add(chunk)
                writer.write(_table(network, media.iloc[chunk.rows], chunk))
        run.finish(laws.note)
    return _written(path, media, laws.status, laws.note)


def _written(path: Path, media: pd.DataFrame, status: list[str], laws: Mapping[str, Any]) -> LabelFile:
    """Describe a finished table, with a warning of the media that have no labels."""
    named = pd.Series(status, index=media.index, name="status", dtype=object)
    warn_unsolved(named)
    return LabelFile(path, named, laws["max_abs_sv"], laws["max_bound_violation"], laws["growing"])


class _Laws:
    """Statuses, number of media that grow, largest imbalance and largest bound violation of all chunks."""

    def __init__(self, task: LabelTask, uptakes: np.ndarray, knockouts: Knockouts) -> None:
        self._task, self._uptakes, self._knockouts = task, uptakes, knockouts
        self._matrix = task.network.stoichiometry.to_scipy()
        self.status: list[str] = []
        self.imbalance = self.violation = 0.0
        self.growing = 0

    def add(self, chunk: LabelChunk) -> None:
        self.status += chunk.status
        lower, upper = self._task.network.uptake_bounds(self._task.names, self._uptakes[chunk.rows])
        self._knockouts.rows(chunk.rows).close(lower, upper)
        growth = chunk.fluxes[:, self._task.network.reaction_index(self._task.network.growth_reaction)]
        self.growing += int((growth > GROWS).sum())
        solved = ~np.isnan(chunk.fluxes).any(axis=1)
        fluxes = self._task.network.further_constraints.settle(self._matrix, chunk.fluxes[solved])
        errors = law_errors(self._matrix, fluxes, lower[solved], upper[solved])
        imbalance, violation = (float(error.max(initial=0.0)) for error in errors)
        self.imbalance, self.violation = max(self.imbalance, imbalance), max(self.violation, violation)

    @property
    def note(self) -> dict[str, Any]:
        """What a later command wants to know of the finished table, beside its statuses."""
        return {"max_abs_sv": self.imbalance, "max_bound_violation": self.violation, "growing": self.growing}


def _table(network: MetabolicNetwork, media: pd.DataFrame, chunk: LabelChunk) -> pd.DataFrame:
    table = pd.DataFrame(network.own_fluxes(chunk.fluxes), columns=list(network.own_reactions))
    table.insert(0, "status", chunk.status)
    return with_labels(table, media)


def _media_hash(media: pd.DataFrame, names: list[str], uptakes: np.ndarray, knockouts: Knockouts) -> str:
    samples = [str(value) for value in media[SAMPLE]] if SAMPLE in media.columns else None
    digest = hashlib.sha256(json.dumps([names, samples, knockouts.reactions.tolist()]).encode())
    digest.update(np.ascontiguousarray(uptakes).tobytes() + np.packbits(knockouts.closed).tobytes())
    return digest.hexdigest()


def _label(
    run: UnfinishedRun,
    task: LabelTask,
    media: tuple[np.ndarray, Knockouts],
    chunks: list[slice],
    jobs: int | None,
    progress: Report,
) -> None:
    """Compute the chunks that the run lacks."""
    uptakes, knockouts = media
    missing = [rows for rows in chunks if _load(run, rows) is None]
    kept = len(uptakes) - sum(rows.stop - rows.start for rows in missing)

    def report(done: int, _: int) -> None:
        progress(kept + done, len(uptakes))

    report(0, 0)
    for chunk in label_chunks(task, uptakes, missing, jobs, report, knockouts):
        buffer = io.BytesIO()
        np.savez(buffer, fluxes=chunk.fluxes, status=np.array(chunk.status))
        run.store(_piece(chunk.rows), buffer.getvalue())


def _finished(run: UnfinishedRun, path: Path, chunks: list[slice]) -> Iterator[LabelChunk]:
    """Yield all chunks in order.

    Raises:
        FolderError: One was lost since it was computed.
    """
    for rows in chunks:
        chunk = _load(run, rows)
        if chunk is None:
            raise FolderError(f"'{path}.partial' lacks a chunk; continue with --resume")
        yield chunk


def _load(run: UnfinishedRun, rows: slice) -> LabelChunk | None:
    content = run.load(_piece(rows))
    if content is None:
        return None
    with np.load(io.BytesIO(content), allow_pickle=False) as stored:
        return LabelChunk(rows, stored["fluxes"], [str(text) for text in stored["status"]])


def _piece(rows: slice) -> str:
    return f"{rows.start:09d}.npz"
