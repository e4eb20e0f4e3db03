"""Plot predicted against observed fluxes."""

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
"""Draw more points than this fainter, so that dense regions show as darker."""


def plot_parity(
    observed: pd.DataFrame | np.ndarray, predicted: pd.DataFrame | np.ndarray, ax: Axes | None = None, label: str = ""
) -> Axes:
    """Plot predicted against observed fluxes, one point per flux and sample, with the line of equality.

    Args:
        observed: Observed fluxes, any shape, NaN where not observed [mmol/gDW/h].
        predicted: Predicted fluxes, the same shape; tables must share rows and columns [mmol/gDW/h].
        ax: Axes to draw on; by default those of a new figure.
        label: Title, such as "flux_gnn: R² of growth 0.9998"; break long ones into lines.

    Returns:
        The axes.

    Raises:
        InputError: The shapes, or the rows or columns of two tables, differ.
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
        # Rasterise: a PDF with tens of thousands of vector points is too slow to view.
        rasterized=True,
    )
    low, high = float(min(x.min(), y.min())), float(max(x.max(), y.max()))
    margin = 0.04 * (high - low) or 1.0
    ax.set_xlim(low - margin, high + margin)
    ax.set_ylim(low - margin, high + margin)
    ax.set_aspect("equal", adjustable="box")
    # Use the same limits on both axes, so that the diagonal shows agreement.
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_locator(MaxNLocator(MOST_TICKS, steps=[1, 2, 5, 10]))
    return ax


def _paired(observed: pd.DataFrame | np.ndarray, predicted: pd.DataFrame | np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return pairs of finite values, flat."""
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
