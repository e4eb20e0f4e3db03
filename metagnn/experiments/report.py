"""Results for people: tables for the terminal, one figure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from metagnn.network.metabolic_network import MetabolicNetwork
from metagnn.plots.canvas import new_figure, save_figure
from metagnn.plots.parity import plot_parity
from metagnn.plots.residuals import plot_residuals
from metagnn.plots.training_curves import plot_training_curves

TITLES = {
    "internal_fluxes.labelled": "internal fluxes, 100 training media, 500 unseen media of the same ranges",
    "unseen_media": "extrapolation: trained on glucose uptake below 3, tested above [mmol/gDW/h]",
}

COLUMNS = {
    "growth_r2": ("growth R²", "{:.4f}"),
    "median_flux_r2": ("median flux R²", "{:.4f}"),
    "q10_flux_r2": ("10 % flux R²", "{:.3f}"),
    "max_abs_sv": ("max |S·v|", "{:.1e}"),
    "mean_sv2": ("mean (S·v)²", "{:.1e}"),
    "max_bound_violation": ("worst violation", "{:.2g}"),
    "train_seconds": ("training [s]", "{:.1f}"),
}


def rows_of(results: Mapping[str, Any]) -> Iterator[tuple[str, list[str], list[list[str]]]]:
    """Title, header and rows of every experiment's table: the median, and the range over the seeds below it."""
    seeds = len(results["settings"]["seeds"])
    for path, title in TITLES.items():
        models: Mapping[str, Any] = results
        for part in path.split("."):
            models = models[part]
        rows = []
        for name, scores in models.items():
            rows.append([name, *(template.format(scores[key]["median"]) for key, (_, template) in COLUMNS.items())])
            if seeds > 1:
                ranges = (
                    f"{template.format(scores[key]['min'])} – {template.format(scores[key]['max'])}"
                    for key, (_, template) in COLUMNS.items()
                )
                rows.append(["", *ranges])
        plural = "s: median, and range" if seeds > 1 else ""
        yield f"{title} ({seeds} seed{plural})", ["model", *(heading for heading, _ in COLUMNS.values())], rows


def draw_figure(network: MetabolicNetwork, runs: Path, path: Path, seed: int) -> None:
    """Training curves, parity and residuals of one seed, a row for each experiment.

    Args:
        network: The network of the experiments.
        runs: Folder of the single runs.
        path: The picture to write.
        seed: The seed to show.
    """
    figure, axes = new_figure(rows=len(TITLES), columns=4)
    for row, (experiment, title) in zip(axes, TITLES.items(), strict=True):
        for ax, model in ((row[0], "flux_gnn_steady_state"), (row[1], "flux_gnn_soft")):
            history = pd.read_csv(runs / f"{experiment}-{model}-{seed}.csv")
            plot_training_curves(history, ax).set_title(f"training, {model}")
        observed, predicted = _fluxes(runs, experiment, "flux_gnn_steady_state", seed)
        plot_parity(observed, predicted, row[2], label="flux_gnn_steady_state")
        plot_residuals(_residuals(network, runs, experiment, seed), row[3]).set_title("steady state")
        for ax in row:
            ax.set_title(f"{title.partition(',')[0].partition(':')[0]}: {ax.get_title()}", fontsize="small")
    save_figure(figure, path)


def _fluxes(runs: Path, experiment: str, model: str, seed: int) -> tuple[np.ndarray, np.ndarray]:
    with np.load(runs / f"{experiment}-{model}-{seed}.npz", allow_pickle=False) as arrays:
        return arrays["observed"], arrays["predicted"]


def _residuals(network: MetabolicNetwork, runs: Path, experiment: str, seed: int) -> dict[str, np.ndarray]:
    """Largest |S·v| of every test medium, by model [mmol/gDW/h]."""
    balance = network.stoichiometry.to_scipy()
    models = [path.name.split("-")[1] for path in sorted(runs.glob(f"{experiment}-*-{seed}.npz"))]
    return {m: np.abs(balance @ _fluxes(runs, experiment, m, seed)[1].T).max(axis=0) for m in models}
