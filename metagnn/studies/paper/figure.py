"""The figure of all experiments."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from metagnn.files.table_reader import read_table
from metagnn.network.from_cobra import load_network
from metagnn.plots.canvas import Axes, new_figure, save_figure
from metagnn.plots.error_curves import plot_error_curves
from metagnn.plots.estimates import plot_estimates
from metagnn.plots.learning_curves import plot_learning_curves
from metagnn.plots.parity import plot_parity
from metagnn.plots.residuals import plot_residuals
from metagnn.plots.training_curves import plot_training_curves
from metagnn.studies.rivals.rate_rivals import CO2_ERROR

LABELLED_ROWS = {"internal_fluxes.labelled": "labelled", "unseen_media": "extrapolation"}
HIDDEN = "hidden_co2.known"
TRAINED = ("flux_gnn", "balance_mlp_tuned", "balance_mlp_as_described")
UNTRAINED = ("carbon_balance", "carbon_and_electron_balance", "reconciliation")
COMPARED = ("flux_gnn", "reconciliation", "wls", "ols", "balance_mlp_tuned", "balance_mlp_as_described")


def draw_figure(results: Mapping[str, Any], runs: Path, path: Path, seed: int) -> None:
    """Draw every experiment; panels of single runs show one seed.

    Args:
        results: The content of `results.json`.
        runs: Folder of the single runs.
        path: The picture to write.
        seed: The seed to show.
    """
    figure, axes = new_figure(rows=4, columns=4)
    for row, (experiment, name) in zip(axes, LABELLED_ROWS.items(), strict=False):
        _draw_labelled(row, runs, experiment, seed)
        for ax in row:
            ax.set_title(f"{name}: {ax.get_title()}", fontsize="small")
    _draw_paper(axes[2], results, runs, seed)
    _draw_summaries(axes[3], results)
    save_figure(figure, path)


def _draw_labelled(row: np.ndarray, runs: Path, experiment: str, seed: int) -> None:
    for ax, model in ((row[0], "flux_gnn_steady_state"), (row[1], "flux_gnn_soft")):
        plot_training_curves(_history(runs, experiment, model, seed), ax).set_title(f"training, {model}")
    observed, predicted = _arrays(runs, experiment, "flux_gnn_steady_state", seed)
    plot_parity(observed, predicted, row[2], label="flux_gnn_steady_state")
    network = load_network("e_coli_core").stoichiometry.to_scipy()
    models = [file.name.split("-")[1] for file in sorted(runs.glob(f"{experiment}-*-{seed}.npz"))]
    residuals = {m: np.abs(network @ _arrays(runs, experiment, m, seed)[1].T).max(axis=0) for m in models}
    plot_residuals(residuals, row[3]).set_title("steady state")


def _draw_paper(row: np.ndarray, results: Mapping[str, Any], runs: Path, seed: int) -> None:
    """Draw what Fig. 1d of Kusters shows: losses and the error of CO2 during training."""
    for ax, model in ((row[0], "balance_mlp_tuned"), (row[1], "flux_gnn")):
        history = _history(runs, HIDDEN, model, seed).drop(columns=CO2_ERROR)
        plot_training_curves(history, ax).set_title(f"CO2 hidden: training, {model}", fontsize="small")
    curves = {}
    for model in TRAINED:
        history = _history(runs, HIDDEN, model, seed)
        curves[model] = pd.Series(history[CO2_ERROR].to_numpy(), index=history["epoch"].to_numpy())
    known = results["hidden_co2"]["known"]
    references = {name: known[name]["median_relative_error"] for name in UNTRAINED}
    plot_error_curves(curves, references, row[2]).set_title("CO2 hidden: its error while training", fontsize="small")
    observed, predicted = _arrays(runs, HIDDEN, "flux_gnn", seed)
    ax = plot_parity(observed, predicted, row[3])
    ax.set_title("CO2 hidden: evolution on 500 test samples, flux_gnn", fontsize="small")


def _draw_summaries(row: np.ndarray, results: Mapping[str, Any]) -> None:
    for ax, (content, name) in zip(row, (("alpha", "carbon"), ("beta", "nitrogen")), strict=False):
        scores = results["composition"][content]
        estimates = {model: scores[model]["estimates"] for model in COMPARED}
        plot_estimates(estimates, scores["true"], ax).set_title(f"{name} in biomass ({content})", fontsize="small")
    _draw_learning(row[2], {k: v for k, v in results["less_data"].items() if k in ("flux_gnn", "balance_mlp")})
    _draw_learning(row[3], {k: {"": next(iter(v.values()))} for k, v in results["less_data"].items()})


def _draw_learning(ax: Axes, errors: Mapping[str, Any]) -> None:
    variants = any(len(by) > 1 for by in errors.values())
    title = "less data: with and without constraints" if variants else "less data: constrained beside the regressions"
    plot_learning_curves(errors, ax).set_title(title, fontsize="small")


def _history(runs: Path, experiment: str, model: str, seed: int) -> pd.DataFrame:
    return read_table(runs / f"{experiment}-{model}-{seed}.csv")


def _arrays(runs: Path, experiment: str, model: str, seed: int) -> tuple[np.ndarray, np.ndarray]:
    with np.load(runs / f"{experiment}-{model}-{seed}.npz", allow_pickle=False) as arrays:
        return arrays["observed"], arrays["predicted"]
