"""Commands: one function each, which calls the library and prints."""

from __future__ import annotations

import argparse
import sys
import warnings
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from metagnn.cli.console import print_table, progress_bar
from metagnn.cli.measured_samples import ends_of_intervals, print_errors, read_features_file, read_samples
from metagnn.cli.model_argument import network_of
from metagnn.cli.open_sources import print_open_sources
from metagnn.cli.pictures import (
    check_plot,
    picture_of_simulation,
    picture_of_targets,
    picture_of_training,
    require_targets,
)
from metagnn.cli.presence import print_uptakes
from metagnn.datasets.label_file import simulate_to_file
from metagnn.errors import InputError, ModelWarning, NetworkError
from metagnn.fba.growth_capacity import GROWS, largest_growth, require_growth
from metagnn.files.output import check_output
from metagnn.files.table_reader import read_table
from metagnn.files.table_values import with_labels
from metagnn.files.table_writer import write_table
from metagnn.network.metabolic_network import MetabolicNetwork

if TYPE_CHECKING:
    from metagnn.analysis.composition.fitted_composition import Composition
    from metagnn.predictor import FluxPredictor

NO_ANSWER = 1
"""Exit status of a run that found nothing."""


def info(chosen: argparse.Namespace) -> None:
    """Print a summary of a model: what it holds, what is missing, and the notes of reading it."""
    from metagnn.network.summary import summarise

    with warnings.catch_warnings():
        # The notes stand in the table.
        warnings.simplefilter("ignore", ModelWarning)
        network = network_of(chosen)
    rows = [*summarise(network), ("largest growth [1/h]", _largest_growth(network))]
    rows += [("read with a note" if position == 0 else "", note) for position, note in enumerate(network.notes)]
    print_table(f"{network.id}", ("what", "value"), rows)


def _largest_growth(network: MetabolicNetwork) -> str:
    """Growth within the model's own bounds, or why there is none."""
    try:
        growth = largest_growth(network)
        if growth > GROWS:
            return "unlimited" if np.isinf(growth) else f"{growth:.6g}"
        require_growth(network)
    except NetworkError as error:
        return f"– ({error})"
    return "0 on its own medium" if growth <= GROWS else "– (its own bounds and medium contradict)"


def simulate(chosen: argparse.Namespace) -> int:
    """Simulate media and write their fluxes; return 1 if none has a label."""
    plot = check_plot(chosen.plot, chosen.force or chosen.resume)
    network, media = network_of(chosen), read_table(chosen.media, flags=False)
    require_growth(network)
    print_open_sources(network, media)
    with progress_bar("media") as progress:
        labels = simulate_to_file(
            network, media, chosen.method, chosen.out, chosen.force, chosen.resume, chosen.jobs, progress
        )
    picture_of_simulation(network, labels, media, plot)
    rows = [
        ("media with an optimum", f"{labels.feasible.sum()} of {len(media)}"),
        ("media that grow", f"{labels.growing} of {len(media)}"),
        ("max |S·v| [mmol/gDW/h]", f"{labels.max_abs_sv:.1e}"),
        ("worst bound violation [mmol/gDW/h]", f"{labels.max_bound_violation:.1e}"),
    ]
    print_table(f"→ {chosen.out}", ("what", "value"), rows)
    if labels.feasible.any():
        if not labels.growing:
            print("metagnn: warning: no medium lets the model grow: all growth is 0", file=sys.stderr)
        return 0
    reason, count = Counter(labels.status).most_common(1)[0]
    print(f"metagnn: error: no medium has a label; {count} of {len(media)}: {reason}", file=sys.stderr)
    return NO_ANSWER


def train(chosen: argparse.Namespace) -> None:
    """Train a predictor and save it."""
    from metagnn.training.metrics import MEAN_R2
    from metagnn.training.processes import is_first_process
    from metagnn.training_job import train_to_folder

    plot = check_plot(chosen.plot, chosen.force or chosen.resume)
    network = network_of(chosen)
    require_growth(network)
    tables = read_samples(chosen)
    inputs, targets = tables.inputs, pd.DataFrame(tables.targets)
    if is_first_process():
        print_open_sources(network, inputs)
    # Progress is asked for, so that a pipe gets its lines too.
    predictor = train_to_folder(
        _untrained(chosen, network), tables, Path(chosen.out), chosen.force, chosen.resume, progress=True
    )
    if not is_first_process():
        return
    picture_of_training(predictor.history_, plot)
    last = predictor.history_.iloc[-1]
    rows = [(str(name), f"{value:.4g}") for name, value in last.items() if name != "epoch"]
    fluxes, diagnosis = predictor.predict_and_diagnose(inputs, tables.features)
    rows.append((f"{MEAN_R2}, training samples", _score(predictor, fluxes, targets)))
    print_table(f"trained {len(predictor.history_)} epochs → {chosen.out}", ("term", "last epoch"), rows)
    _print_learned(predictor, inputs)
    print_errors(predictor)
    _print_diagnosis(diagnosis)


def predict(chosen: argparse.Namespace) -> None:
    """Predict all fluxes and write the table."""
    from metagnn.predictor import FluxPredictor
    from metagnn.training.metrics import MEAN_R2

    require_targets(chosen.plot, chosen.targets)
    inputs = read_table(chosen.inputs)
    targets = read_table(chosen.targets, flags=False) if chosen.targets else None
    out, plot = check_output(chosen.out, chosen.force), check_plot(chosen.plot, chosen.force)
    network = network_of(chosen) if chosen.model else None
    predictor = FluxPredictor.load(chosen.folder, network=network)
    features = read_features_file(chosen, inputs)
    fluxes, diagnosis = predictor.predict_and_diagnose(inputs, features)
    # Score first: write nothing if the targets are not valid.
    score = None if targets is None else _score(predictor, fluxes, targets)
    ends = [] if chosen.level is None else ends_of_intervals(predictor, inputs, chosen.level, features)
    table = pd.concat([diagnosis["status"], fluxes, *ends], axis=1)
    write_table(with_labels(table, inputs), out)
    if targets is not None:
        named = f"{MEAN_R2}: {score}"
        print(named)
        picture_of_targets(predictor.network, fluxes, targets, named, plot)
    _print_diagnosis(diagnosis)


def reproduce(chosen: argparse.Namespace) -> None:
    """Run the experiments of the paper and print their tables."""
    from metagnn.studies.paper.report import result_tables
    from metagnn.studies.paper.reproduce import reproduce as run

    size = "quick" if chosen.quick else "full" if chosen.full else "usual"
    with progress_bar("runs") as progress:
        results = run(Path(chosen.out), size, chosen.seed, chosen.jobs, chosen.force, chosen.resume, progress)
    for table in result_tables(results):
        print_table(table.title, table.header, table.rows)
    print(f"{chosen.out}/results.json, {chosen.out}/figure.png: {results['wall_seconds']:.0f} s")


def _score(predictor: FluxPredictor, fluxes: pd.DataFrame, targets: pd.DataFrame) -> str:
    """R² of predicted fluxes; in words where no target varies, which is no fault of the training."""
    from metagnn.training.metrics import UndefinedScore

    try:
        return f"{predictor.score_fluxes(fluxes, targets):.4f}"
    except UndefinedScore as error:
        return f"– ({error})"


def _untrained(chosen: argparse.Namespace, network: MetabolicNetwork) -> FluxPredictor:
    """Make the predictor from the options."""
    from metagnn.predictor import FluxPredictor

    names = ("epochs", "batch_size", "accelerator", "devices", "strategy")
    given = {f"training__{name}": getattr(chosen, name) for name in names if getattr(chosen, name) is not None}
    constraint, composition = chosen.constraint or "steady_state", chosen.composition or "fixed"
    estimate = None if chosen.estimate == "none" else chosen.estimate
    made = FluxPredictor(network, chosen.kind, constraint, composition, chosen.seed, estimate=estimate)
    predictor = made.set_params(**given)
    if chosen.steps is None:
        return predictor
    if "config__steps" not in predictor.get_params():
        raise InputError(f"`--steps` does not apply to inputs of kind {chosen.kind!r}; leave it out")
    return predictor.set_params(config__steps=chosen.steps)


def _print_learned(predictor: FluxPredictor, inputs: pd.DataFrame) -> None:
    """Print the learned uptakes, or the learned biomass composition."""
    if predictor.inputs in ("present", "concentration"):
        print_uptakes(predictor, inputs)
    elif predictor.composition != "fixed":
        _print_composition(predictor.composition_)


def _print_composition(composition: Composition) -> None:
    rows = []
    for name, element in (("alpha", "C"), ("beta", "N")):
        value, interval = getattr(composition, name), getattr(composition, f"{name}_interval")
        shown = "not determined" if np.isnan(value) else f"{value:.3f}"
        low, high = interval or (np.nan, np.nan)
        rows.append((f"{name} [mmol {element}/gDW]", shown, f"{low:.3f} – {high:.3f}"))
    print_table("biomass composition", ("content", "fitted", "90 % interval"), rows)


def _print_diagnosis(diagnosis: pd.DataFrame) -> None:
    rows = [
        ("rows with a feasible flux", f"{(diagnosis['status'] == 'ok').sum()} of {len(diagnosis)}"),
        ("max |S·v| [mmol/gDW/h]", f"{diagnosis['max_abs_sv'].max():.1e}"),
        ("worst bound violation [mmol/gDW/h]", f"{diagnosis['max_bound_violation'].max():.1e}"),
    ]
    if "co2_readout" in diagnosis:
        apart = (diagnosis["co2_readout"] - diagnosis["co2_exchange"]).abs().max()
        rows.append(("mean CO2 evolution by carbon balance [mmol/gDW/h]", f"{diagnosis['co2_readout'].mean():.4g}"))
        by_exchange = f"{diagnosis['co2_exchange'].mean():.4g}, {apart:.1e}"
        rows.append(("mean CO2 evolution by exchange flux, largest difference", by_exchange))
    print_table("balances and bounds", ("what", "value"), rows)
