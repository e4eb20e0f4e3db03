"""Plot scores of extrapolation as a matrix of models and splits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from metagnn.errors import InputError
from metagnn.plots.canvas import drawing_axes, new_figure, say_empty
from metagnn.plots.palette import COLOURS

METRICS = {
    "growth_q2": "Q² of growth",
    "median_flux_q2": "Q² of the median flux",
    "uniform_flux_q2": "mean Q² of all fluxes",
}
"""Titles of the scores that can be drawn: explained shares of the variance, 1 at best."""

LABELS = {"labelled": "all fluxes to learn from", "growth_only": "growth alone to learn from"}

CAPTION = (
    "Trained without the held-out part of the split, tested on it. White: no better than the mean of the test media; "
    "full blue: .999 or more.\nMedian over the seeds, and range. A model without a row predicts growth alone."
)
"""Caption below the panels."""

NINES = 3.0
"""Number of nines of a Q² at which a cell has the full colour: three, which is .999."""


def plot_extrapolation(
    splits: Mapping[str, Mapping[str, Mapping[str, Mapping[str, float | None]]]],
    ax: Axes | None = None,
    metric: str = "growth_q2",
) -> Axes:
    """Draw one row a model and one column a split; each cell shows the median Q² over the seeds and its range.

    The colour counts nines, from none (Q² ≤ 0: no better than the mean of the test media) to three.

    Args:
        splits: Scores by split, model and metric, each with "median", "min" and "max"; None where a model
            predicts nothing.
        ax: Axes to draw on; by default those of a new figure.
        metric: A key of `METRICS`.

    Returns:
        The axes.

    Raises:
        InputError: An unknown metric.
    """
    if metric not in METRICS:
        raise InputError(f"`metric` is {metric!r}; expected one of {', '.join(METRICS)}")
    ax = drawing_axes(ax)
    ax.grid(visible=False)
    ax.set_title(METRICS[metric])
    models = list(dict.fromkeys(model for scores in splits.values() for model in scores))
    cells = [[splits[split].get(model, {}).get(metric) for split in splits] for model in models]
    shown = [row for row, scores in enumerate(cells) if any(s and s["median"] is not None for s in scores)]
    if not shown:
        say_empty(ax, "no scores to show")
        return ax
    models, cells = [models[row] for row in shown], [cells[row] for row in shown]
    nines = np.array([[_nines(score["median"] if score else None) for score in row] for row in cells])
    colours = LinearSegmentedColormap.from_list("nines", ["white", COLOURS[0]])
    ax.imshow(nines, cmap=colours, vmin=0.0, vmax=NINES, aspect="auto")
    for row, scores in enumerate(cells):
        for column, score in enumerate(scores):
            if score is None or score["median"] is None:
                continue
            dark = nines[row, column] > 0.6 * NINES
            text, low, high = (_short(score[key]) for key in ("median", "min", "max"))
            # A range narrower than four digits is not shown.
            if low != high:
                text += f"\n{low} to {high}"
            ax.text(column, row, text, ha="center", va="center", fontsize="small", color="white" if dark else "black")
    ax.set_xticks(range(len(splits)), [name.replace("_", "\n") for name in splits])
    ax.set_yticks(range(len(models)), models)
    ax.spines[:].set_visible(False)
    ax.tick_params(length=0)
    return ax


def draw_extrapolation(results: Mapping[str, Any]) -> Figure:
    """Draw growth and the median flux for every kind of labels.

    Args:
        results: The content of `extrapolation.json`.
    """
    kinds = [labels for labels in LABELS if labels in results]
    metrics = ("growth_q2", "median_flux_q2")
    figure, axes = new_figure(len(kinds), len(metrics))
    figure.set_size_inches(14.0, 6.0 * len(kinds))
    for row, labels in zip(axes, kinds, strict=True):
        for ax, metric in zip(row, metrics, strict=True):
            plot_extrapolation(results[labels], ax, metric)
            ax.set_title(f"{METRICS[metric]}, {LABELS[labels]}")
    figure.supxlabel(CAPTION, fontsize="medium")
    return figure


def _nines(q2: float | None) -> float:
    """Count the nines of a Q²: 1 for .9, 2 for .99; NaN, a blank cell, for None."""
    if q2 is None:
        return float("nan")
    return float(-np.log10(np.clip(1.0 - q2, 10.0 ** -(NINES + 1), 1.0)))


def _short(value: float | None) -> str:
    if value is None:
        return ""
    text = f"{value:.4f}" if value > 0 else f"{value:.2g}" if value > -1000 else "−10³ or less"
    leading = text.replace("0.", ".", 1) if abs(value) < 1 else text
    return leading.replace("-", "−")
