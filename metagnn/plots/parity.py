"""Parity: predicted against observed fluxes."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from metagnn.errors import InputError
from metagnn.plots.canvas import drawing_axes, say_empty
from metagnn.plots.palette import COLOURS, GREY
from metagnn.units import FLUX

MOST_TICKS = 6
INK = 5000
"""Points above which each is drawn fainter, so that dense regions show as darker and not as one blot."""


def plot_parity(
    observed: pd.DataFrame | np.ndarray, predicted: pd.DataFrame | np.ndarray, ax: Axes | None = None, label: str = ""
) -> Axes:
    """Predicted against observed fluxes, every flux of every sample one point; on the line they agree.

    Args:
        observed: Observed fluxes, any shape, NaN where nothing was observed [mmol/gDW/h].
        predicted: Predicted fluxes, the same shape; tables must share rows and columns [mmol/gDW/h].
        ax: Axes to draw on; by default those of a new figure.
        label: Title, such as "flux_gnn: R² of growth 0.9998"; a long one wants a line break.

    Returns:
        The axes.

    Raises:
        InputError: Two shapes, or two tables of different rows or columns.
    """
    x, y = _paired(observed, predicted)
    ax = drawing_axes(ax)
    ax.set_xlabel(f"Observed flux [{FLUX}]")
    ax.set_ylabel(f"Predicted flux [{FLUX}]")
    ax.set_title(label, fontsize="medium")
    if not x.size:
        say_empty(ax, "no flux was both observed and predicted")
        return ax
    ax.axline((0, 0), slope=1, color=GREY, linewidth=1, zorder=1.5)
    ax.plot(
        x,
        y,
        linestyle="none",
        marker="o",
        markersize=3,
        markeredgewidth=0,
        color=COLOURS[0],
        alpha=float(np.clip(INK / x.size, 0.1, 0.7)),
        # Tens of thousands of points as vectors make a PDF that no viewer scrolls.
        rasterized=True,
    )
    low, high = float(min(x.min(), y.min())), float(max(x.max(), y.max()))
    margin = 0.04 * (high - low) or 1.0
    ax.set_xlim(low - margin, high + margin)
    ax.set_ylim(low - margin, high + margin)
    ax.set_aspect("equal", adjustable="box")
    # The same numbers on both axes: agreement is a matter of the diagonal only.
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_locator(MaxNLocator(MOST_TICKS, steps=[1, 2, 5, 10]))
    return ax


def _paired(observed: pd.DataFrame | np.ndarray, predicted: pd.DataFrame | np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of finite values, flat."""
    if isinstance(observed, pd.DataFrame) and isinstance(predicted, pd.DataFrame):
        for axis in ("columns", "index"):
            if not getattr(observed, axis).equals(getattr(predicted, axis)):
                raise InputError(
                    f"`observed` and `predicted` differ in their {axis}; align them first, as in "
                    "`predicted.loc[observed.index, observed.columns]`"
                )
    x, y = np.asarray(observed, dtype=np.float64), np.asarray(predicted, dtype=np.float64)
    if x.shape != y.shape:
        raise InputError(f"`observed` has shape {x.shape} and `predicted` {y.shape}; expected the same")
    known = np.isfinite(x) & np.isfinite(y)
    return x[known], y[known]
