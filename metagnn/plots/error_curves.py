"""Plot error curves: an error during training, with the errors of untrained methods as references."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter

from metagnn.errors import InputError
from metagnn.plots.canvas import drawing_axes, label_log_axis, say_empty
from metagnn.plots.palette import COLOURS

PERCENT = FuncFormatter(lambda value, _: f"{100 * value:g} %")


def plot_error_curves(
    curves: Mapping[str, pd.Series], references: Mapping[str, float] | None = None, ax: Axes | None = None
) -> Axes:
    """Draw a relative error against the share of the training that is done, on a logarithmic axis.

    Models train for different numbers of epochs; shares of the training are comparable. A method without training is
    a dashed horizontal line.

    Args:
        curves: For every model its relative error, indexed by epoch; NaN where it was not measured.
        references: Relative errors of methods without training.
        ax: Axes to draw on; by default those of a new figure.

    Returns:
        The axes.

    Raises:
        InputError: The epochs of a curve do not rise.
    """
    ax = drawing_axes(ax)
    ax.set_xlabel("Share of the training")
    ax.set_ylabel("Median relative error")
    drawn = False
    for position, (name, curve) in enumerate(curves.items()):
        known = curve.dropna()
        epochs = known.index.to_numpy(dtype=np.float64)
        if (np.diff(epochs) <= 0).any():
            raise InputError(f"`curves[{name!r}]` has epochs that do not rise; expected one value an epoch, in order")
        if len(known):
            share = (epochs + 1) / (float(curve.index.max()) + 1)
            ax.plot(share, known.to_numpy(), color=COLOURS[position % len(COLOURS)], label=name, linewidth=1.8)
            drawn = True
    for position, (name, value) in enumerate((references or {}).items(), start=len(curves)):
        colour = COLOURS[position % len(COLOURS)]
        ax.axhline(value, color=colour, linestyle="--", linewidth=1.3, label=f"{name} (no training)")
        drawn = True
    if not drawn:
        say_empty(ax, "no errors to show")
        return ax
    ax.set_yscale("log", nonpositive="mask")
    label_log_axis(ax, PERCENT)
    ax.legend(loc="upper center", bbox_to_anchor=(0.45, -0.16), ncols=2, fontsize="small", frameon=False)
    return ax
