"""Plot the estimates of several estimators in every repetition, with the truth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes

from metagnn.errors import InputError
from metagnn.plots.canvas import drawing_axes, say_empty
from metagnn.plots.palette import COLOURS, GREY

WIDEST = 0.5
"""Relative error beyond which an estimate does not widen the axis, and is drawn as a triangle at the border."""


def plot_estimates(estimates: Mapping[str, Sequence[float]], truth: float, ax: Axes | None = None) -> Axes:
    """Draw one row an estimator and one dot a repetition, at its relative error; the bar marks the median.

    Estimates outside the axis are triangles at its border, so that one estimator with large errors does not compress
    all others.

    Args:
        estimates: Estimates of every estimator, one per repetition.
        truth: The true value.
        ax: Axes to draw on; by default those of a new figure.

    Returns:
        The axes, with the estimators from top to bottom.

    Raises:
        InputError: The truth is zero or not finite, so that relative errors are undefined.
    """
    if truth == 0 or not np.isfinite(truth):
        raise InputError(f"`truth` is {truth}; expected a finite number other than zero")
    ax = drawing_axes(ax)
    ax.set_xlabel("Relative error of the estimate [%]")
    errors = {name: 100 * (np.asarray(values, dtype=np.float64) / truth - 1) for name, values in estimates.items()}
    pooled = np.concatenate([np.empty(0), *errors.values()])
    pooled = pooled[np.isfinite(pooled)]
    if not pooled.size:
        say_empty(ax, "no estimates to show")
        return ax
    near = np.abs(pooled)[np.abs(pooled) <= 100 * WIDEST]
    reach = 1.15 * float(near.max(initial=0.0)) or 1.0
    # Most estimators agree to a few per cent: one with large errors must not set the scale.
    reach = min(reach, 4 * float(np.median(near)) + 1.0) if near.size else reach
    ax.axvline(0.0, color=GREY, linewidth=1.2, zorder=1.5)
    for row, values in enumerate(errors.values()):
        inside = np.abs(values) <= reach
        ax.plot(values[inside], np.full(inside.sum(), row), "o", color=COLOURS[0], alpha=0.5, markersize=4)
        for side, marker in ((-1, "<"), (1, ">")):
            out = int((side * values > reach).sum())
            if out:
                ax.plot([side * reach], [row], marker, color=COLOURS[1], markersize=6, clip_on=False)
                ax.annotate(
                    f"{out} farther", (side * reach, row), xytext=(-4 * side, 5), textcoords="offset points",
                    ha="right" if side > 0 else "left", va="bottom", fontsize="small", color=COLOURS[1],
                )  # fmt: skip
        if inside.any() and abs(np.median(values)) <= reach:
            ax.plot([np.median(values)] * 2, [row - 0.28, row + 0.28], color=COLOURS[6], linewidth=1.8, zorder=3)
    ax.set_xlim(-reach, reach)
    ax.set_yticks(np.arange(len(errors)), list(errors))
    # Place the names beside the triangles, not under them.
    ax.tick_params(axis="y", length=0, pad=8)
    ax.set_ylim(len(errors) - 0.4, -0.6)
    ax.grid(visible=False, axis="y")
    return ax
