"""Plot scores of several models, with their ranges over repetitions."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FixedFormatter, FixedLocator, NullLocator

from metagnn.errors import InputError
from metagnn.plots.canvas import drawing_axes, say_empty
from metagnn.plots.palette import COLOURS, GREY
from metagnn.units import FLUX

METRICS = {
    "growth_r2": "R² of growth",
    "median_flux_r2": "R² of the median flux",
    "q10_flux_r2": "R² of the flux at the 10 % quantile",
    "max_abs_sv": f"Largest |S·v| [{FLUX}]",
    "mean_sv2": f"Mean (S·v)² [({FLUX})²]",
    "max_bound_violation": f"Worst bound violation [{FLUX}]",
    "train_seconds": "Training [s]",
}
"""Axis titles of metrics by name; any other metric is used as the title itself."""

PERFECT = 1e-5
"""Added to the unexplained share 1 − R², so that a perfect score can be drawn on a logarithmic axis."""

WIDE = 30.0
"""The axis is logarithmic if the largest score exceeds the smallest by more than this factor."""

R2_TICKS = {-99.0: "−99", -9.0: "−9", 0.0: "0", 0.9: ".9", 0.99: ".99", 0.999: ".999", 0.9999: ".9999", 1.0: "1"}


def plot_scores(
    scores: Mapping[str, Mapping[str, float]], ax: Axes | None = None, metric: str = "median_flux_r2"
) -> Axes:
    """Draw one row a model: a dot at the median of its scores, a bar from smallest to largest, and the number.

    An R² is drawn as its unexplained share 1 − R² on a logarithmic axis: .9 to .99 is as far as .99 to .999, because
    each step leaves a tenth of the error. Other scores get a logarithmic axis if they span more than a decade.

    Args:
        scores: For every model its "median", "min" and "max".
        ax: Axes to draw on; by default those of a new figure.
        metric: Metric of the scores: a key of `METRICS`, or an axis title with its unit.

    Returns:
        The axes, with the models from top to bottom.

    Raises:
        InputError: A model without one of the three numbers.
    """
    for name, values in scores.items():
        for key in ("median", "min", "max"):
            if key not in values:
                raise InputError(f"`scores[{name!r}]` has no {key!r}; expected 'median', 'min' and 'max'")
    ax = drawing_axes(ax)
    title = METRICS.get(metric, metric)
    ax.set_xlabel(title)
    triples = [[values[key] for key in ("min", "median", "max")] for values in scores.values()]
    table = np.array(triples, dtype=np.float64).reshape(-1, 3)
    known = np.asarray(np.isfinite(table).all(axis=1))
    if not known.any():
        say_empty(ax, "no scores to show")
        return ax
    low, middle, high = table.T
    rows = np.arange(len(table))
    ax.hlines(rows[known], low[known], high[known], color=GREY, linewidth=3, zorder=2)
    ax.plot(middle[known], rows[known], linestyle="none", marker="o", markersize=6, color=COLOURS[0], zorder=3)
    for row in rows:
        # In one column beside the axes, so that no number covers a bar.
        text = _number(middle[row], title) if known[row] else "no data"
        ax.annotate(text, (1.02, row), xycoords=("axes fraction", "data"), va="center", fontsize="small")
    ax.set_yticks(rows, list(scores))
    ax.set_ylim(len(table) - 0.5, -0.5)
    ax.grid(visible=False, axis="y")
    _scale(ax, table[known], title)
    return ax


def _is_r2(title: str) -> bool:
    return "R²" in title


def _number(value: float, title: str) -> str:
    plain = f"{value:,.0f}" if 100 <= abs(value) < 1e6 else f"{value:.2g}"
    return (f"{value:.4f}" if _is_r2(title) else plain).replace("-", "−")


def _scale(ax: Axes, values: np.ndarray, title: str) -> None:
    notes = "median and range"
    if _is_r2(title):
        ax.set_xscale("function", functions=(_nines, _from_nines))
        left, right = _nines(np.array([values.min(), values.max()]))
        # Leave a margin of 0.3 decades on either side.
        ax.set_xlim(*_from_nines(np.array([left - 0.3, right + 0.3])))
        ax.xaxis.set_major_locator(FixedLocator(list(R2_TICKS)))
        ax.xaxis.set_major_formatter(FixedFormatter(list(R2_TICKS.values())))
        ax.xaxis.set_minor_locator(NullLocator())
        notes += ", logarithmic in 1 − R²"
    elif values.min() > 0 and values.max() > WIDE * values.min():
        ax.set_xscale("log")
    else:
        ax.set_xlim(left=min(0.0, float(values.min())))
    ax.set_xlabel(f"{title}\n({notes})")


def _nines(r2: np.ndarray) -> np.ndarray:
    """Count the nines of an R²: 1 for .9, 2 for .99."""
    nines: np.ndarray = -np.log10(np.maximum(1 + PERFECT - np.asarray(r2, dtype=np.float64), 1e-300))
    return nines


def _from_nines(nines: np.ndarray) -> np.ndarray:
    r2: np.ndarray = 1 + PERFECT - 10.0 ** -np.asarray(nines, dtype=np.float64)
    return r2
