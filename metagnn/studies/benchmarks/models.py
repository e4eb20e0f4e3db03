"""Try other people's models: what reading, labels, learning and prediction give on each of them."""

from __future__ import annotations

import json
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cobra.io
import numpy as np
import pandas as pd

from metagnn.datasets.media import Ranges, uniform_media
from metagnn.errors import InputError
from metagnn.fba.simulate import simulate_fluxes
from metagnn.files.sealed import checksum
from metagnn.files.table_writer import write_table
from metagnn.files.unfinished_run import UnfinishedRun
from metagnn.models.flux_gnn import FluxGNNConfig
from metagnn.network.from_cobra import load_network
from metagnn.network.metabolic_network import MetabolicNetwork
from metagnn.network.reader.model_file import is_model_ending
from metagnn.predictor import FluxPredictor
from metagnn.studies.harness.peak_memory import PeakMemory
from metagnn.studies.harness.result_table import ResultTable
from metagnn.studies.harness.runs import Progress
from metagnn.studies.harness.samples import Samples
from metagnn.studies.harness.scores import score_fluxes, spread_of
from metagnn.studies.harness.study import StudyOptions, read_results
from metagnn.studies.rivals.flux_gnn import predict_under
from metagnn.studies.rivals.regressions import fit_regression
from metagnn.training.config import TrainingConfig

METHODS = ("fba", "pfba", "min_norm")
CONSTRAINTS = ("steady_state", "polytope")
RICHEST = 10.0
"""Largest uptake of an exchange whose bound in the model is wider, and of those that are opened [mmol/gDW/h]."""

COBRA_READERS = {
    ".json": cobra.io.load_json_model,
    ".mat": cobra.io.load_matlab_model,
    ".yml": cobra.io.load_yaml_model,
    ".yaml": cobra.io.load_yaml_model,
}
"""cobra's readers by ending; every other file is SBML to it."""

SCORED = ("growth_r2", "median_flux_r2", "max_abs_sv", "max_bound_violation")
VIOLATION = "worst bound violation [mmol/gDW/h]"

PREDICTORS = {name: f"flux_gnn, {name}" for name in CONSTRAINTS} | {"ridge": "quadratic ridge"}
"""What predicts, by the start of its columns in models.csv, with its name in the table that is shown."""

COMPARED_WITH_COBRA = 20
"""Media on which growth is compared with cobra's."""


@dataclass(frozen=True)
class Amount:
    """How much work a model gets.

    Attributes:
        media: Number of media; a quarter of the feasible ones is held out.
        seeds: Seeds of training.
        methods: Labels that are counted; the last is learned.
        config: Sizes of the model that learns.
        training: Its training.
    """

    media: int
    seeds: int
    methods: tuple[str, ...] = METHODS
    config: FluxGNNConfig = field(default_factory=FluxGNNConfig)
    training: TrainingConfig = field(default_factory=TrainingConfig)


USUAL = Amount(200, 1)
QUICK = Amount(20, 1, config=FluxGNNConfig(8, 2, 8), training=TrainingConfig(epochs=2))


def study_models(folder: Path, options: StudyOptions, progress: Progress) -> list[ResultTable]:
    """Try every model of `options.paths`, and write `models.json` and `models.csv`, as an `UnfinishedRun`.

    A row holds the seconds and the memory of reading, the largest difference of growth from cobra's, how many media
    have no label by every method, and for `flux_gnn` under each constraint and for quadratic ridge the R² of growth
    and of the median flux, max |S·v| and the worst bound violation on unseen media. A model that fails has the reason
    in its row, and what was measured before.

    The media vary every exchange that is open for uptake in the file, between nothing and twice its bound.

    Raises:
        InputError: No files, or a path that is not there.
        FolderError: As `UnfinishedRun`, for other models or settings.
    """
    paths = model_files(options.paths)
    usual = QUICK if options.quick else USUAL
    amount = Amount(
        options.media or usual.media, options.seeds or usual.seeds, usual.methods, usual.config, usual.training
    )
    seeds = range(options.first_seed, options.first_seed + amount.seeds)
    settings = {"models": [[str(path), checksum(path)] for path in paths], "amount": repr(amount), "seeds": list(seeds)}
    job = settings | {"growth": options.growth}
    with UnfinishedRun(folder, job, folder=True, force=options.force, resume=options.resume) as run:
        if run.finished:
            rows = read_results(folder / "models.json")
        else:
            rows = _try_all(run, paths, amount, seeds, options.growth, progress)
    return [_reading_table(rows), _learning_table(rows)]


def _try_all(
    run: UnfinishedRun,
    paths: Sequence[Path],
    amount: Amount,
    seeds: Sequence[int],
    growth: str | None,
    progress: Progress,
) -> list[dict[str, Any]]:
    """Try the models that were not tried yet, and write all rows."""
    rows = []
    for number, path in enumerate(paths):
        progress(number, len(paths))
        name = f"{number:03}-{path.name}.json"
        done = run.load(name)
        if done is None:
            done = json.dumps(try_model(path, amount, seeds, growth), indent=2).encode()
            run.store(name, done)
        rows.append(json.loads(done))
    with run.writing():
        (run.result / "models.json").write_bytes(json.dumps(rows, indent=2).encode())
        write_table(pd.DataFrame(rows), run.result / "models.csv")
    # Rows hold times and memory.
    run.finish(clocked=("models.json", "models.csv"))
    progress(len(paths), len(paths))
    return rows


def model_files(paths: Sequence[str]) -> list[Path]:
    """Return the files of folders and the files themselves, in order.

    Raises:
        InputError: No files, or a path that is not there.
    """
    found: list[Path] = []
    for path in map(Path, paths):
        if not path.exists():
            raise InputError(f"'{path}' is not there; expected a model file, or a folder of them")
        inside = sorted(file for file in path.iterdir() if is_model_ending(file.name)) if path.is_dir() else [path]
        found += inside
    if not found:
        raise InputError("`benchmark models` needs a model file or a folder of them, after its name")
    return found


def try_model(path: Path, amount: Amount, seeds: Sequence[int], growth: str | None) -> dict[str, Any]:
    """Return the row of a model: as much as could be measured, and the reason where something failed."""
    row: dict[str, Any] = {"model": path.name, "error": ""}
    steps: tuple[Callable[..., Any], ...] = (_read, _label, _compare_with_cobra, _learn)
    state: dict[str, Any] = {"path": path, "growth": growth, "amount": amount, "seeds": seeds}
    for step in steps:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                row |= step(state)
            except Exception as error:  # noqa: BLE001
                # Whatever a stranger's file makes fail is a result; the other models go on.
                row["error"] = f"{step.__name__.strip('_')}: {type(error).__name__}: {error}".splitlines()[0]
                if "network" not in state or step is _label:
                    break
    return row


def _read(state: dict[str, Any]) -> dict[str, Any]:
    peak, started = PeakMemory(), time.perf_counter()
    state["network"] = network = load_network(str(state["path"]), growth=state["growth"])
    seconds = time.perf_counter() - started
    return {
        "reactions": len(network.reactions),
        "metabolites": len(network.metabolites),
        "growth": network.growth_reaction,
        "load_s": round(seconds, 2),
        "load_mib": round(peak.mebibytes(), 1),
        "notes": len(network.notes),
    }


def _label(state: dict[str, Any]) -> dict[str, Any]:
    network, amount = state["network"], state["amount"]
    state["media"] = media = uniform_media(open_ranges(network), amount.media, seed=state["seeds"][0])
    row: dict[str, Any] = {"media": len(media), "varied": media.shape[1]}
    for method in amount.methods:
        started = time.perf_counter()
        labels = simulate_fluxes(network, media, method)
        row[f"{method}_s"] = round(time.perf_counter() - started, 2)
        row[f"{method}_unlabelled"] = int((~labels.feasible).sum())
        state[method] = labels
    kept = labels.feasible
    state["samples"] = Samples(media[kept], labels.fluxes[kept])
    return row


def open_ranges(network: MetabolicNetwork) -> Ranges:
    """Return what the media vary: every uptake that the file opens, from nothing to twice its bound.

    Where a file opens none, every exchange is opened.
    """
    lower, upper = network.bounds.lower, network.bounds.upper
    at, forward = network.exchange_indices, network.imports_forward
    limits = np.where(forward, upper[at], -lower[at])
    limits = np.minimum(limits, RICHEST / 2)
    chosen = limits > 0
    if not chosen.any():
        limits, chosen = np.full(len(at), RICHEST / 2), np.ones(len(at), dtype=bool)
    return {network.exchanges[k]: (0.0, 2 * float(limits[k])) for k in np.flatnonzero(chosen)}


def _compare_with_cobra(state: dict[str, Any]) -> dict[str, Any]:
    """Solve some of the media with cobra; its growth is that of the same reaction in the same medium."""
    network: MetabolicNetwork = state["network"]
    model = _cobra_model(state["path"])
    ours = state["fba"]
    reaction = model.reactions.get_by_id(network.growth_reaction)
    model.objective = reaction
    rows = np.flatnonzero(ours.feasible)[:COMPARED_WITH_COBRA]
    lower, upper = network.uptake_bounds(list(state["media"].columns), state["media"].to_numpy()[rows])
    worst, varied = 0.0, [network.reaction_index(name) for name in state["media"].columns]
    for row, low, high in zip(rows, lower, upper, strict=True):
        for name, at in zip(state["media"].columns, varied, strict=True):
            model.reactions.get_by_id(name).bounds = float(low[at]), float(high[at])
        theirs = model.slim_optimize(error_value=np.nan)
        worst = max(worst, abs(theirs - float(ours.fluxes[network.growth_reaction].iloc[row])))
    return {"cobra_media": len(rows), "cobra_growth_difference": worst}


def _cobra_model(path: Path) -> cobra.Model:
    for ending, read in COBRA_READERS.items():
        if path.name.endswith(ending):
            return read(str(path))
    return cobra.io.read_sbml_model(str(path))


def _learn(state: dict[str, Any]) -> dict[str, Any]:
    network, samples, amount = state["network"], state["samples"], state["amount"]
    unseen = len(samples.media) // 4
    train, test = samples.rows(slice(0, len(samples.media) - unseen)), samples.rows(slice(-unseen, None))
    bounds = network.uptake_bounds(list(test.media.columns), test.media.to_numpy())
    truth = test.fluxes.to_numpy()
    row: dict[str, Any] = {"train": len(train.media), "unseen": unseen}
    ridge = fit_regression("quadratic_ridge", train.media.to_numpy(), train.fluxes.to_numpy(), None, 0)
    guess = ridge.predict(test.media.to_numpy())
    row |= _scores("ridge", [score_fluxes(network, bounds, truth, guess)])
    by: dict[str, list[dict[str, float]]] = {name: [] for name in CONSTRAINTS}
    seconds = []
    for seed in state["seeds"]:
        started = time.process_time()
        predictor = FluxPredictor(
            network, constraint="polytope", seed=seed, config=amount.config, training=amount.training
        ).fit(train.media, train.fluxes, progress=False)
        seconds.append(time.process_time() - started)
        for name in CONSTRAINTS:
            answer = predict_under(predictor, name, test.media).to_numpy()
            by[name].append(score_fluxes(network, bounds, truth, answer))
    row |= {"train_cpu_s": round(float(np.median(seconds)), 1), "epochs": len(predictor.history_)}
    for name in CONSTRAINTS:
        row |= _scores(name, by[name])
    return row


def _scores(who: str, runs: Sequence[dict[str, float]]) -> dict[str, float | None]:
    return {f"{who}_{name}": spread_of([run[name] for run in runs])["median"] for name in SCORED}


def _reading_table(rows: Sequence[dict[str, Any]]) -> ResultTable:
    names = ["model", "reactions", "load_s", "load_mib", "cobra_growth_difference", "media"]
    names += [f"{method}_unlabelled" for method in METHODS]
    header = ("model", "reactions", "load [s]", "load [MiB]", "growth − cobra's [1/h]", "media")
    without = tuple(f"without {method}" for method in METHODS)
    cells = tuple((*(_cell(row.get(name)) for name in names), row["error"]) for row in rows)
    return ResultTable("models: reading, and media without a label by each method", (*header, *without, "error"), cells)


def _learning_table(rows: Sequence[dict[str, Any]]) -> ResultTable:
    """Return a row for every model and what predicts it: as columns, the scores of three would not fit a screen."""
    units = {"growth_r2": "growth R²", "median_flux_r2": "median flux R²", "max_abs_sv": "max |S·v| [mmol/gDW/h]"}
    header = ("model", "predictor", "epochs", "CPU [s]", *(units.get(name, VIOLATION) for name in SCORED))
    cells: list[tuple[str, ...]] = []
    for row in rows:
        # A model that could not be learned has its reason in the table of reading, and no row of dashes here.
        for who, label in PREDICTORS.items() if "train" in row else ():
            trained = [None, None] if who == "ridge" else [row.get("epochs"), row.get("train_cpu_s")]
            scores = [row.get(f"{who}_{name}") for name in SCORED]
            cells.append((row["model"], label, *map(_cell, [*trained, *scores])))
    count = " / ".join(sorted({f"{row['unseen']} of {row['unseen'] + row['train']}" for row in rows if "train" in row}))
    held_out = f" ({count} labelled media held out; median over the seeds)" if count else ""
    return ResultTable(f"models: predicted {METHODS[-1]} fluxes of unseen media{held_out}", header, tuple(cells))


def _cell(value: object) -> str:
    if value is None or (isinstance(value, float) and np.isnan(value)):
        return "–"
    return f"{value:.4g}" if isinstance(value, float) else str(value)
