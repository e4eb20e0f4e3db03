"""Plot scores on measured data: one panel a split, one row a model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from matplotlib.figure import Figure

from metagnn.plots.canvas import new_figure
from metagnn.plots.scores import plot_scores

METRICS = {
    "normalised_error": "normalised error ‖v̂ − v‖ / ‖v‖",
    "curve_r2": "mean R² of the curves",
    "pooled_r2": "R² of the points",
    "hidden_error": "relative error of CO2",
}
"""What a panel shows: the first of these that a split has."""

COLUMNS = 3
HEIGHT_OF_ROW = 0.28
"""Height of a model's row [inch]."""


def draw_measured(sets: Mapping[str, Mapping[str, Mapping[str, Mapping[str, Any]]]]) -> Figure:
    """Draw every split of every set: median and range over the seeds, the first metric of `METRICS` that it has.

    Args:
        sets: Scores by set, split, model and metric, each with "median", "min" and "max"; None where a model has none.
    """
    panels = [(name, split, models) for name, splits in sets.items() for split, models in splits.items()]
    columns = min(COLUMNS, max(len(panels), 1))
    rows = -(-max(len(panels), 1) // columns)
    figure, axes = new_figure(rows, columns)
    longest = max((len(models) for _, _, models in panels), default=1)
    figure.set_size_inches(7.5 * columns, rows * (1.5 + HEIGHT_OF_ROW * longest))
    for ax, (name, split, models) in zip(axes.flat, panels, strict=False):
        metric = next((m for m in METRICS if any(_known(scores, m) for scores in models.values())), None)
        shown = {model: scores[metric] for model, scores in models.items() if metric and _known(scores, metric)}
        plot_scores(shown, ax, METRICS.get(str(metric), ""))
        ax.set_title(f"{name}: {split}")
    for ax in list(axes.flat)[len(panels) :]:
        ax.set_visible(False)
    return figure


def _known(scores: Mapping[str, Any], metric: str) -> bool:
    return scores.get(metric, {}).get("median") is not None
