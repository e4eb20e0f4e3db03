"""One function per command: call the library and print."""

from __future__ import annotations

import argparse
import dataclasses
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from metagnn.cli.console import print_table, progress_bar
from metagnn.cli.extrapolation_command import benchmark_extrapolation, refuse_options
from metagnn.cli.identifiability_command import benchmark_identifiability
from metagnn.cli.open_sources import print_open_sources
from metagnn.cli.pictures import (
    check_plot,
    picture_of_simulation,
    picture_of_targets,
    picture_of_training,
    require_targets,
)
from metagnn.cli.presence import PRESENT, print_uptakes, untrained_medium_predictor
from metagnn.cli.reconcile_command import benchmark_reconcile
from metagnn.cli.transfer_command import benchmark_transfer, refuse_full, refuse_resume
from metagnn.datasets.label_file import simulate_to_file
from metagnn.errors import ModelWarning, NetworkError
from metagnn.fba.growth_capacity import GROWS, largest_growth, require_growth
from metagnn.files.output import check_output
from metagnn.files.table_reader import read_table
from metagnn.files.table_writer import write_table
from metagnn.network.from_cobra import load_network
from metagnn.network.metabolic_network import MetabolicNetwork

if TYPE_CHECKING:
    from metagnn.analysis.composition.fitted_composition import Composition
    from metagnn.medium_predictor import MediumPredictor
    from metagnn.predictor import FluxPredictor


RATIO = "ratio above 1 means that metagnn is ahead"
RATIOS = {"scaling": "`ours` is the larger network, and the ratio the exponent of its cost in the non-zeros of S"}
"""How the last column of a benchmark is read."""


def info(chosen: argparse.Namespace) -> None:
    """Print what a model holds, what it lacks, and what reading it made up or lost."""
    from metagnn.network.summary import summarise

    with warnings.catch_warnings():
        # The notes stand in the table.
        warnings.simplefilter("ignore", ModelWarning)
        network = load_network(chosen.model, chosen.growth)
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


def simulate(chosen: argparse.Namespace) -> None:
    """Write the fluxes of many media."""
    plot = check_plot(chosen.plot, chosen.force or chosen.resume)
    network, media = load_network(chosen.model, chosen.growth), read_table(chosen.media)
    require_growth(network)
    print_open_sources(network, media)
    with progress_bar("media") as progress:
        labels = simulate_to_file(
            network, media, chosen.method, chosen.out, chosen.force, chosen.resume, chosen.jobs, progress
        )
    picture_of_simulation(network, labels, media, plot)
    rows = [
        ("media with an optimum", f"{labels.feasible.sum()} of {len(media)}"),
        ("max |S·v| [mmol/gDW/h]", f"{labels.max_abs_sv:.1e}"),
        ("worst bound violation [mmol/gDW/h]", f"{labels.max_bound_violation:.1e}"),
    ]
    print_table(f"→ {chosen.out}", ("what", "value"), rows)


def train(chosen: argparse.Namespace) -> None:
    """Train a predictor and save it."""
    from metagnn.training.processes import is_first_process
    from metagnn.training_job import train_to_folder

    plot = check_plot(chosen.plot, chosen.force or chosen.resume)
    network = load_network(chosen.model, chosen.growth)
    require_growth(network)
    inputs, targets = read_table(chosen.inputs), read_table(chosen.targets)
    if is_first_process():
        print_open_sources(network, inputs)
    predictor = _untrained(chosen, network)
    train_to_folder(predictor, inputs, targets, Path(chosen.out), chosen.force, chosen.resume)
    if not is_first_process():
        return
    picture_of_training(predictor.history_, plot)
    last = predictor.history_.iloc[-1]
    rows = [(str(name), f"{value:.4g}") for name, value in last.items() if name != "epoch"]
    rows.append(("R², training samples", f"{predictor.score(inputs, targets):.4f}"))
    print_table(f"trained {len(predictor.history_)} epochs → {chosen.out}", ("term", "last epoch"), rows)
    _print_learned(predictor, inputs)
    _print_diagnosis(predictor.diagnose(inputs))


def predict(chosen: argparse.Namespace) -> None:
    """Predict every flux and write the table."""
    from metagnn.training_job import load_predictor

    require_targets(chosen.plot, chosen.targets)
    inputs = read_table(chosen.inputs)
    targets = read_table(chosen.targets) if chosen.targets else None
    out, plot = check_output(chosen.out, chosen.force), check_plot(chosen.plot, chosen.force)
    network = load_network(chosen.model, chosen.growth) if chosen.model else None
    predictor = load_predictor(chosen.folder, network=network)
    # Scored first: targets that do not fit are refused before anything is written.
    score = None if targets is None else predictor.score(inputs, targets)
    fluxes, diagnosis = predictor.predict(inputs), predictor.diagnose(inputs)
    table = pd.concat([diagnosis["status"], fluxes], axis=1)
    if "sample" in inputs.columns:
        table.insert(0, "sample", inputs["sample"])
    write_table(table, out)
    if targets is not None:
        print(f"R² over the observed targets: {score:.4f}")
        picture_of_targets(predictor.network, fluxes, targets, f"R² over the observed targets {score:.4f}", plot)
    _print_diagnosis(diagnosis)


def reproduce(chosen: argparse.Namespace) -> None:
    """Run the experiments and print their tables."""
    from metagnn.studies.paper.report import result_tables
    from metagnn.studies.paper.reproduce import reproduce as run

    size = "quick" if chosen.quick else "full" if chosen.full else "usual"
    with progress_bar("runs") as progress:
        results = run(Path(chosen.out), size, chosen.seed, chosen.jobs, chosen.force, chosen.resume, progress)
    for table in result_tables(results):
        print_table(table.title, table.header, table.rows)
    print(f"{chosen.out}/results.json, {chosen.out}/figure.png: {results['wall_seconds']:.0f} s")


def benchmark(chosen: argparse.Namespace) -> None:
    """Measure and print."""
    refuse_full(chosen)
    if chosen.name == "extrapolation":
        benchmark_extrapolation(chosen)
        return
    refuse_options(chosen)
    if chosen.name == "transfer":
        benchmark_transfer(chosen)
        return
    refuse_resume(chosen)
    if chosen.name == "reconcile":
        benchmark_reconcile(chosen)
        return
    if chosen.name == "identifiability":
        benchmark_identifiability(chosen)
        return
    from metagnn.studies.benchmarks import run_benchmark

    out = check_output(chosen.out, chosen.force, folder=True)
    with progress_bar("rounds") as progress:
        rows = run_benchmark(chosen.name, out, chosen.seed, progress, chosen.quick)
    header = ("case", "network", "ours", "rival", "unit", "ratio (min–max)")
    shown = [
        (
            row.case,
            row.network,
            f"{row.ours:.3g}",
            f"{row.rival:.3g}",
            row.unit,
            f"{row.ratio_median:.3g} ({row.ratio_min:.3g}–{row.ratio_max:.3g})",
        )
        for row in rows
    ]
    print_table(f"{chosen.name}: {RATIOS.get(chosen.name, RATIO)}", header, shown)


def _untrained(chosen: argparse.Namespace, network: MetabolicNetwork) -> FluxPredictor | MediumPredictor:
    """The predictor that the options ask for."""
    from metagnn.models.flux_gnn import FluxGNNConfig
    from metagnn.predictor import FluxPredictor
    from metagnn.training.config import TrainingConfig

    names = ("epochs", "batch_size", "accelerator", "devices", "strategy")
    given = {name: getattr(chosen, name) for name in names if getattr(chosen, name) is not None}
    if chosen.kind == PRESENT:
        return untrained_medium_predictor(chosen, network, given)
    constraint, composition = chosen.constraint or "steady_state", chosen.composition or "fixed"
    config = FluxGNNConfig(steps=chosen.steps) if chosen.steps else None
    training = dataclasses.replace(TrainingConfig(), **given)
    return FluxPredictor(network, chosen.kind, constraint, composition, chosen.seed, config, training)


def _print_learned(predictor: FluxPredictor | MediumPredictor, inputs: pd.DataFrame) -> None:
    """What was learned that a person can read: uptakes that nobody measured, or the composition of biomass."""
    from metagnn.medium_predictor import MediumPredictor

    if isinstance(predictor, MediumPredictor):
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
        ("rows that some flux satisfies", f"{(diagnosis['status'] == 'ok').sum()} of {len(diagnosis)}"),
        ("max |S·v| [mmol/gDW/h]", f"{diagnosis['max_abs_sv'].max():.1e}"),
        ("worst bound violation [mmol/gDW/h]", f"{diagnosis['max_bound_violation'].max():.1e}"),
    ]
    if "co2_readout" in diagnosis:
        apart = (diagnosis["co2_readout"] - diagnosis["co2_exchange"]).abs().max()
        rows.append(("CO2 evolution by carbon balance, mean [mmol/gDW/h]", f"{diagnosis['co2_readout'].mean():.4g}"))
        by_exchange = f"{diagnosis['co2_exchange'].mean():.4g}, {apart:.1e}"
        rows.append(("the same by its exchange flux, and the largest difference", by_exchange))
    print_table("laws", ("what", "value"), rows)
