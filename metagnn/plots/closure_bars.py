"""Bars of closures (output over input) in carbon, nitrogen and electrons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import ArrayLike

from metagnn.errors import InputError
from metagnn.plots.canvas import drawing_axes, say_empty
from metagnn.plots.palette import COLOURS, GREY

WIDTH = 0.36
"""Width of one bar, relative to the distance of two balances."""

STAGES = ("measured", "reconciled")


def plot_closure_bars(
    before: ArrayLike, after: ArrayLike, balances: Sequence[str] = ("C", "N", "electrons"), ax: Axes | None = None
) -> Axes:
    """Plot the median closure of every balance before and after, with a line from the 5 % to the 95 % quantile.

    Args:
        before: Closures (output over input) with the measured rates, a table or an array of shape `[samples,
            balances]`; NaN where unknown.
        after: Closures with the reconciled rates, the same shape.
        balances: Names of the balances.
        ax: Axes to draw on; by default those of a new figure.

    Returns:
        The axes.

    Raises:
        InputError: The shapes do not fit.
    """
    before, after = np.asarray(before), np.asarray(after)
    stages: Mapping[str, np.ndarray] = dict(zip(STAGES, (before, after), strict=True))
    for name, values in stages.items():
        if values.ndim != 2 or values.shape[1] != len(balances):
            raise InputError(f"`{name}` closures have shape {values.shape}; expected [samples, {len(balances)}]")
    ax = drawing_axes(ax)
    ax.set_ylabel("Leaves / enters [%]")
    if not np.isfinite(before).any():
        say_empty(ax, "no balance of the measured rates can be closed")
        return ax
    ax.axhline(100.0, color=GREY, linewidth=1.2, zorder=1.5)
    for number, (name, values) in enumerate(stages.items()):
        for position in range(len(balances)):
            known = 100.0 * values[np.isfinite(values[:, position]), position]
            if not known.size:
                continue
            centre = position + (number - 0.5) * (WIDTH + 0.04)
            median = float(np.median(known))
            label = name if position == 0 else None
            ax.bar(centre, median, WIDTH, color=COLOURS[1 - number], label=label)
            low, high = np.quantile(known, (0.05, 0.95))
            ax.plot([centre, centre], [low, high], color=COLOURS[6], linewidth=1.2)
            # Above the line of the quantiles, so that they do not cross; on white because of the line at 100.
            ax.annotate(
                f"{median:.0f}", (centre, max(high, median)), xytext=(0, 3), textcoords="offset points", ha="center",
                fontsize="small", bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.3},
            )  # fmt: skip
    ax.set_xticks(range(len(balances)), [_in_words(balance) for balance in balances])
    ax.set_ylim(0.0, 1.22 * max(100.0, float(100.0 * np.nanquantile(np.concatenate([before, after]), 0.97))))
    ax.grid(visible=False, axis="x")
    ax.legend(frameon=False, loc="upper center", ncols=2)
    return ax


def _in_words(balance: str) -> str:
    return {"C": "carbon", "N": "nitrogen"}.get(balance, balance)
