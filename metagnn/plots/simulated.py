"""Simulated media: growth and the main exchange fluxes of every medium."""

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
"""Label every medium up to this number."""

FEW = 60
"""Draw large dots up to this number of media."""

NO_FLUX = 1e-6
"""Exchanges with smaller fluxes are idle [mmol/gDW/h]."""

UNTOLD = (WATER, PROTON)
"""Water and protons: among the largest fluxes of any cell, but rarely of interest."""

WIDTH, STRIP, MARGIN = 7.8, 1.15, 0.6
"""Width of the figure, height of a strip, and space below the last one [inch]."""


def plot_over_media(rates: pd.Series, ax: Axes | None = None, unit: str = FLUX) -> Axes:
    """Plot one rate as dots, media in the order of the series; uptake (below zero) has its own colour.

    Args:
        rates: One number per medium, NaN where missing; the index names the media, the name is the title.
        ax: Axes to draw on; by default those of a new figure.
        unit: Unit of the rate.

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
            # Rasterise: a file with many vector dots is too slow to view.
            rasterized=len(values) > 10 * FEW,
        )  # fmt: skip
    ax.yaxis.set_major_locator(MaxNLocator(3, steps=[1, 2, 5, 10]))
    if len(values) <= MOST_NAMED:
        ax.set_xticks(places, [str(name) for name in rates.index], rotation=90)
    else:
        ax.xaxis.set_major_locator(MaxNLocator(8, integer=True, steps=[1, 2, 5, 10]))
    return ax


def main_exchanges(network: NetworkLike, fluxes: pd.DataFrame, most: int = MOST_EXCHANGES) -> list[str]:
    """Return the exchanges of largest mean absolute flux, largest first, without water, protons and idle ones.

    Args:
        network: The network.
        fluxes: One row per medium, NaN without an optimum [mmol/gDW/h].
        most: Largest number of exchanges.
    """
    network = as_network(network)
    size = fluxes[list(network.exchanges)].abs().mean().sort_values(ascending=False, kind="stable")
    carrying = [str(name) for name in size.index[size > NO_FLUX]]
    carried = carried_metabolites(network, carrying)
    return [name for name in carrying if not all(dict(m.formula or {}) in UNTOLD for m in carried[name])][:most]


def draw_simulated(network: NetworkLike, fluxes: pd.DataFrame) -> Figure:
    """Draw growth and the main exchange fluxes of simulated media, a strip each, sorted by growth.

    Args:
        network: The network.
        fluxes: One row per medium, named by the index [mmol/gDW/h]; growth [1/h]. Rows without an optimum are NaN and
            counted below.

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
