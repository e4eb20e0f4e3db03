"""Plot training curves: every term of the objective by epoch."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from metagnn.errors import InputError
from metagnn.plots.canvas import drawing_axes, say_empty
from metagnn.plots.palette import COLOURS, GREY
from metagnn.units import FLUX

EPOCH, TOTAL, VALIDATION = "epoch", "loss", "validation_"

FEW_EPOCHS = 30
"""With fewer epochs, each gets a dot: a line through a single non-zero epoch would be invisible."""


def plot_training_curves(history: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw every term of the objective by epoch, on a logarithmic axis.

    Terms are shown before their weights, balances and bound violations in [(mmol/gDW/h)²], all others relative to a
    spread or a standard deviation; the broad grey line is their weighted sum. Lines on validation samples are
    dashed, in the colour of their term. A logarithmic axis cannot show a term that is zero throughout or was never
    recorded: the legend names it.

    Args:
        history: One row an epoch, with a column `epoch` and one for every term, as `FluxPredictor.history_`.
        ax: Axes to draw on; by default those of a new figure.

    Returns:
        The axes.

    Raises:
        InputError: The history has no column `epoch`, or a term is not numeric.
    """
    if EPOCH not in history:
        raise InputError(f"`history` has no column {EPOCH!r}; expected what `FluxPredictor.history_` holds after `fit`")
    for name in history:
        if not pd.api.types.is_numeric_dtype(history[name]):
            raise InputError(f"`history` holds text in column {name!r}; expected numbers")
    ax = drawing_axes(ax)
    ax.set_xlabel("Epoch")
    ax.set_ylabel(f"Term before its weight\n[balances, bounds: ({FLUX})²]", fontsize="small")
    names = [str(name) for name in history if name != EPOCH]
    values = {name: history[name].to_numpy(dtype=np.float64) for name in names}
    epochs = history[EPOCH].to_numpy()
    terms = [name for name in dict.fromkeys(name.removeprefix(VALIDATION) for name in names) if name != TOTAL]
    colours = {name: COLOURS[position % len(COLOURS)] for position, name in enumerate(terms)} | {TOTAL: GREY}
    for name in names:
        term = name.removeprefix(VALIDATION)
        total, validation = term == TOTAL, name.startswith(VALIDATION)
        ax.plot(
            epochs,
            values[name],
            color=colours[term],
            label=_label(name, values[name]),
            linestyle="--" if validation else "-",
            # The sum often lies on its largest term; drawn broad and behind it, both stay visible.
            linewidth=4.0 if total and not validation else 1.5,
            alpha=0.8 if total else 1.0,
            marker="o" if len(epochs) < FEW_EPOCHS else "",
            markersize=3,
            zorder=1.5 if total else 2,
        )
    if not any((column > 0).any() for column in values.values()):
        say_empty(ax, "nothing above zero to show")
    else:
        # Masked, so that a term that reaches zero ends there; clipping would draw a steep fall.
        ax.set_yscale("log", nonpositive="mask")
    if names:
        # Below the axes, so that it covers no line.
        ax.legend(loc="upper center", bbox_to_anchor=(0.45, -0.16), ncols=2, fontsize="small", frameon=False)
    return ax


def _label(name: str, values: np.ndarray) -> str:
    term = name.removeprefix(VALIDATION)
    text = "weighted sum" if term == TOTAL else term.replace("_", " ")
    if name != term:
        text += ", validation"
    if np.isnan(values).all():
        return f"{text}: not recorded"
    return text if (values > 0).any() else f"{text}: 0 throughout"
