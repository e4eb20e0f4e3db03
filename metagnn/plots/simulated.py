"""Simulated media: growth, and below it the main exchange fluxes, medium by medium."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from metagnn.network.exchange_search import PROTON, WATER, carried_metabolites
from metagnn.network.network_like import NetworkLike, as_network
from metagnn.plots.canvas import drawing_axes, new_figure, say_empty
from metagnn.plots.palette import COLOURS, GREY
from metagnn.units import FLUX, GROWTH

MOST_EXCHANGES = 6
MOST_NAMED = 25
"""Media up to which each has its name under it."""

FEW = 60
"""Media up to which dots are large."""

NO_FLUX = 1e-6
"""Flux below which an exchange is idle [mmol/gDW/h]."""

UNTOLD = (WATER, PROTON)
"""Water and protons: among the largest fluxes of any cell, and never what a reader asks for."""

WIDTH, STRIP, MARGIN = 7.8, 1.15, 0.6
"""Width of the figure, height of a strip, and of what is below the last one [inch]."""


def plot_over_media(rates: pd.Series, ax: Axes | None = None, unit: str = FLUX) -> Axes:
    """One rate as dots, the media side by side in the order of the series; uptake, below zero, has a colour of its own.

    Args:
        rates: One number a medium, NaN where there is none; the index names the media, the name is the title.
        ax: Axes to draw on; by default those of a new figure.
        unit: Of the rate.

    Returns:
        The axes.
    """
    ax = drawing_axes(ax)
    ax.set_title(f"{rates.name} [{unit}]", fontsize="small", loc="left", pad=3)
    values = rates.to_numpy(dtype=np.float64)
    if not np.isfinite(values).any():
        say_empty(ax, "no medium has a flux")
        return ax
    ax.axhline(0.0, color=GREY, linewidth=1, zorder=1.5)
    places = np.arange(len(values))
    for colour, drawn in ((COLOURS[0], values < 0), (COLOURS[1], values >= 0)):
        ax.plot(
            places[drawn], values[drawn], linestyle="none", marker="o", color=colour, markeredgewidth=0,
            markersize=5 if len(values) <= FEW else 2,
            # Many dots as vectors make a file that no viewer scrolls.
            rasterized=len(values) > 10 * FEW,
        )  # fmt: skip
    ax.yaxis.set_major_locator(MaxNLocator(3, steps=[1, 2, 5, 10]))
    if len(values) <= MOST_NAMED:
        ax.set_xticks(places, [str(name) for name in rates.index], rotation=90)
    else:
        ax.xaxis.set_major_locator(MaxNLocator(8, integer=True, steps=[1, 2, 5, 10]))
    return ax


def main_exchanges(network: NetworkLike, fluxes: pd.DataFrame, most: int = MOST_EXCHANGES) -> list[str]:
    """The exchanges that carry most on average, largest first, without water, protons and what is idle.

    Args:
        network: The network.
        fluxes: One row a medium, NaN in those without an optimum [mmol/gDW/h].
        most: How many at most.
    """
    network = as_network(network)
    size = fluxes[list(network.exchanges)].abs().mean().sort_values(ascending=False, kind="stable")
    carrying = [str(name) for name in size.index[size > NO_FLUX]]
    carried = carried_metabolites(network, carrying)
    return [name for name in carrying if not all(dict(m.formula or {}) in UNTOLD for m in carried[name])][:most]


def draw_simulated(network: NetworkLike, fluxes: pd.DataFrame) -> Figure:
    """Growth and the main exchange fluxes of simulated media, a strip each, sorted by growth.

    Args:
        network: The network.
        fluxes: One row a medium, named by the index; NaN in those without an optimum, which are counted below
            [mmol/gDW/h]; growth [1/h].

    Raises:
        NetworkError: The network has no growth reaction.
    """
    network = as_network(network)
    growth = network.growth_reaction
    solved = fluxes.dropna(how="all").sort_values(growth, kind="stable")
    exchanges = main_exchanges(network, solved)
    figure, axes = new_figure(1 + len(exchanges), 1)
    figure.set_size_inches(WIDTH, STRIP * len(axes) + MARGIN)
    plot_over_media(solved[growth], axes[0, 0], GROWTH)
    for name, ax in zip(exchanges, axes[1:, 0], strict=True):
        plot_over_media(solved[name], ax)
    for ax in axes[:-1, 0]:
        ax.tick_params(labelbottom=False)
    missing = len(fluxes) - len(solved)
    left_out = f" (left out: {missing} without an optimum)" if missing else ""
    figure.supxlabel(f"Media, sorted by growth{left_out}; below zero is uptake", fontsize="medium")
    return figure
