"""Plot reconciled against measured rates with intervals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from metagnn.analysis.reconciliation import Reconciliation
from metagnn.errors import InputError
from metagnn.network.network_like import NetworkLike, as_network
from metagnn.plots.canvas import drawing_axes, new_figure, say_empty
from metagnn.plots.closure_bars import plot_closure_bars
from metagnn.plots.palette import COLOURS, GREY
from metagnn.units import FLUX

MOST_COLOURED = 6
MOST_POINTS = 300
"""Largest number of samples of a rate for which intervals are drawn; with more, the lines would hide the points."""


@dataclass(frozen=True, eq=False)
class ReconciledRate:
    """Measured and reconciled values of a rate, arrays of shape `[samples]` [mmol/gDW/h].

    Attributes:
        measured: Measured values.
        value: Reconciled or predicted values.
        low: Lower ends of the 90 % intervals.
        high: Upper ends.
        hidden: Whether the measurement was withheld.
    """

    measured: np.ndarray
    value: np.ndarray
    low: np.ndarray
    high: np.ndarray
    hidden: bool = False


def plot_reconciled(rates: Mapping[str, ReconciledRate], ax: Axes | None = None) -> Axes:
    """Plot reconciled against measured rates with 90 % intervals; withheld rates are filled.

    Draws magnitudes, so that uptake and formation share one quadrant.

    Args:
        rates: Rates by name. At most six have their own colour, withheld ones first, then the largest; the others are
            grey.
        ax: Axes to draw on; by default those of a new figure.

    Returns:
        The axes.

    Raises:
        InputError: The arrays of a rate differ in shape.
    """
    for name, rate in rates.items():
        if len({array.shape for array in (rate.measured, rate.value, rate.low, rate.high)}) != 1:
            raise InputError(f"the arrays of {name!r} differ in shape; expected one number per sample")
    ax = drawing_axes(ax)
    ax.set_xlabel(f"Measured rate [{FLUX}]")
    ax.set_ylabel(f"Reconciled rate, 90 % interval [{FLUX}]")
    known = {name: np.isfinite(rate.measured) & np.isfinite(rate.value) for name, rate in rates.items()}
    size = {name: float(np.abs(rates[name].measured[mask]).mean()) for name, mask in known.items() if mask.any()}
    ordered = sorted(((name, rates[name]) for name in size), key=lambda item: (not item[1].hidden, -size[item[0]]))
    largest = 0.0
    for number, (name, rate) in enumerate(ordered):
        x, y = (np.abs(values[known[name]]) for values in (rate.measured, rate.value))
        colour = COLOURS[number] if number < MOST_COLOURED else GREY
        half = np.abs(rate.high - rate.low)[known[name]] / 2
        if x.size <= MOST_POINTS:
            ax.errorbar(x, y, yerr=half, linestyle="none", color=colour, alpha=0.4, linewidth=1.0, zorder=2)
        label = _label(name, rate, number, len(ordered))
        # Draw withheld rates on top, and grey ones below those with a colour.
        depth = 3.5 if rate.hidden else 3 if number < MOST_COLOURED else 2.5
        ax.plot(
            x, y, linestyle="none", marker="o", markersize=5, color=colour, label=label, zorder=depth,
            markerfacecolor=colour if rate.hidden else "white", rasterized=x.size > MOST_POINTS,
        )  # fmt: skip
        largest = max(largest, float(x.max()), float((y + half).max()))
    if largest == 0.0:
        say_empty(ax, "no rate was both measured and reconciled")
        return ax
    ax.axline((0, 0), slope=1, color=GREY, linewidth=1, zorder=1.5)
    for setter, axis in ((ax.set_xlim, ax.xaxis), (ax.set_ylim, ax.yaxis)):
        setter(-0.03 * largest, 1.05 * largest)
        axis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))
    ax.set_aspect("equal", adjustable="box")
    ax.legend(frameon=False, fontsize="small", loc="upper left")
    return ax


def _label(name: str, rate: ReconciledRate, number: int, count: int) -> str:
    """Return the legend entry of a rate; grey rates share one entry with their number."""
    if number < MOST_COLOURED:
        return f"{name} (withheld)" if rate.hidden else name
    # Matplotlib omits labels that begin with an underscore from the legend.
    return f"{count - MOST_COLOURED} more" if number == MOST_COLOURED else "_"


def reconciled_rates(network: NetworkLike, reconciliation: Reconciliation) -> dict[str, ReconciledRate]:
    """Collect every measured exchange, withheld or not; leave out growth, which has another unit.

    Args:
        network: The network.
        reconciliation: Reconciled samples.
    """
    network = as_network(network)
    intervals, rates = reconciliation.intervals, {}
    for position, name in enumerate(intervals.reactions):
        hidden = name in reconciliation.hidden
        measured = (reconciliation.hidden if hidden else reconciliation.measured)[name].to_numpy()
        if np.isfinite(measured).any() and name != network.growth_reaction:
            parts = (intervals.value[:, position], intervals.low[:, position], intervals.high[:, position])
            rates[name] = ReconciledRate(measured, *parts, hidden=hidden)
    return rates


def draw_reconciliation(network: NetworkLike, reconciliation: Reconciliation) -> Figure:
    """Draw closures before and after reconciliation, and reconciled against measured rates.

    Args:
        network: The network.
        reconciliation: Reconciled samples.
    """
    network = as_network(network)
    figure, axes = new_figure(1, 2)
    plot_closure_bars(reconciliation.closures_before, reconciliation.closures_after, ax=axes[0, 0])
    without = f", without {', '.join(map(str, reconciliation.hidden))}" if len(reconciliation.hidden.columns) else ""
    axes[0, 0].set_title(f"measured: with the biomass of {network.id}{without}", fontsize="small")
    plot_reconciled(reconciled_rates(network, reconciliation), ax=axes[0, 1])
    return figure
