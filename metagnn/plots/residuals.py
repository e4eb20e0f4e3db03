"""Plot residuals: how far the predictions of each model are from steady state."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, NullLocator

from metagnn.errors import InputError
from metagnn.plots.canvas import drawing_axes, say_empty
from metagnn.plots.palette import COLOURS
from metagnn.units import FLUX

MOST_TICKS = 7


def plot_residuals(residuals: Mapping[str, np.ndarray], ax: Axes | None = None) -> Axes:
    """Draw for every model the distribution over media of the largest |S·v|, on a logarithmic axis.

    Boxes hold the middle half of the media, with the median marked; whiskers run from the smallest to the largest.
    Exact zeros are drawn at a tick "0" at the left end, because a logarithmic axis has no zero.

    Args:
        residuals: For every model its largest |S·v| of each medium, shape `[samples]`, NaN where there is no
            prediction [mmol/gDW/h].
        ax: Axes to draw on; by default those of a new figure.

    Returns:
        The axes, with the models from top to bottom.

    Raises:
        InputError: A residual is negative.
    """
    finite = {}
    for name, values in residuals.items():
        flat = np.asarray(values, dtype=np.float64).ravel()
        if (flat < 0).any():
            raise InputError(f"`residuals[{name!r}]` holds {np.nanmin(flat):g}; expected magnitudes |S·v| ≥ 0")
        finite[name] = flat[np.isfinite(flat)]
    ax = drawing_axes(ax)
    ax.set_xlabel(f"Largest |S·v| of each medium [{FLUX}]")
    pooled = np.concatenate([np.empty(0), *finite.values()])
    if not pooled.size:
        say_empty(ax, "no residuals to show")
        return ax
    ax.boxplot(
        list(finite.values()),
        positions=np.arange(len(finite)),
        orientation="horizontal",
        whis=(0, 100),
        widths=0.5,
        patch_artist=True,
        boxprops={"facecolor": COLOURS[0], "edgecolor": COLOURS[0], "alpha": 0.35},
        medianprops={"color": COLOURS[1], "linewidth": 2},
        whiskerprops={"color": COLOURS[0]},
        capprops={"color": COLOURS[0]},
    )
    missing = {name: "" if values.size else " (no data)" for name, values in finite.items()}
    ax.set_yticks(np.arange(len(finite)), [name + note for name, note in missing.items()])
    ax.set_ylim(len(finite) - 0.4, -0.6)
    ax.grid(visible=False, axis="y")
    _scale_decades(ax, pooled)
    return ax


def _scale_decades(ax: Axes, values: np.ndarray) -> None:
    """Scale the axis logarithmically over whole decades, with a tick for zero if there are zeros."""
    positive = values[values > 0]
    first, last = (np.log10(v) for v in (positive.min(), positive.max())) if positive.size else (0.0, 0.0)
    low = int(np.floor(first))
    high = max(int(np.ceil(last)), low + 1)
    step = -(-(high - low) // MOST_TICKS)
    ticks = [10.0**decade for decade in range(low, high + 1, step)]
    if values.min() > 0:
        ax.set_xscale("log")
        ax.set_xlim(10.0**low / 1.5, 10.0**high * 1.5)
    else:
        # Linear below the smallest decade, wide enough for the label of zero; logarithmic above.
        ax.set_xscale("symlog", linthresh=10.0**low, linscale=max(0.6, 0.12 * (high - low)))
        ax.set_xlim(-0.2 * 10.0**low, 10.0**high * 1.5)
        ticks = [0.0, *ticks]
    ax.set_xticks(ticks)
    ax.xaxis.set_minor_locator(NullLocator())
    ax.xaxis.set_major_formatter(FuncFormatter(lambda x, _: "0" if x == 0 else f"$10^{{{round(np.log10(x))}}}$"))
