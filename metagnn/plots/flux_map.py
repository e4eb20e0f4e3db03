"""Flux map: the reactions of a network, with width and darkness by flux."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, to_hex
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Circle, FancyArrowPatch, PathPatch
from matplotlib.path import Path
from matplotlib.patheffects import withStroke

from metagnn.errors import InputError
from metagnn.graph.reaction_map import MAIN_DOT, SIDE_DOT, MapReaction, ReactionMap
from metagnn.plots.canvas import DPI, say_empty
from metagnn.plots.palette import COLOURS, GREY
from metagnn.units import FLUX, GROWTH

SMALLEST_TEXT, LARGEST_TEXT = 4.0, 9.0
"""Size of the labels on a figure made for the map [points]."""

LONGEST_SIDE = 26.0
"""Largest width and height of a figure made for the map [inch]."""

ABOVE, BELOW = 0.4, 1.0
"""Room for the title and for the legend of such a figure [inch]."""

WIDEST, THINNEST = 0.8, 0.1
"""Width of the largest flux and of zero flux, relative to the height of a letter."""

NO_FLUX = 1e-6
"""A smaller flux is drawn as zero: it is the solver's rounding [mmol/gDW/h]."""

SHADES = LinearSegmentedColormap.from_list("flux", ["#9CC9E8", COLOURS[0], "#001F33"])


def plot_flux_map(
    fluxes: Mapping[str, float] | pd.Series,
    drawing: ReactionMap,
    ax: Axes | None = None,
    largest: float | None = None,
) -> Axes:
    """Plot every reaction as a curve; width and darkness show the size of its flux, arrows its direction.

    The width grows with the square root of the flux, so that small fluxes remain visible beside glycolysis. Reactions
    without flux are thin and grey; those with missing or NaN fluxes are dashed and counted in the legend.

    Args:
        fluxes: Flux of every reaction, by id [mmol/gDW/h].
        drawing: The map: `layout_network(network)` or `read_escher_map(path)`.
        ax: Axes to draw on; by default those of a new figure, sized for its labels.
        largest: Flux of the widest curve, to compare maps; by default the largest flux [mmol/gDW/h].

    Returns:
        The axes.

    Raises:
        InputError: A flux is infinite or not a number (NaN is allowed), a reaction has two fluxes, or `largest` is not
            positive.
    """
    known = _numbers(fluxes)
    shown = {r.id: known[r.id] for r in drawing.reactions if r.id in known}
    if largest is not None and not (np.isfinite(largest) and largest > 0):
        raise InputError(f"`largest` is {largest}; expected a flux > 0 [{FLUX}]")
    top = largest or max(map(abs, shown.values()), default=0.0) or 1.0
    ax = _figure(drawing).axes[0] if ax is None else ax
    ax.set_axis_off()
    ax.set_aspect("equal", adjustable="box")
    if not drawing.reactions:
        say_empty(ax, "no reactions to show")
        return ax
    point = _points_per_length(drawing, ax) * drawing.letter
    for reaction in sorted(drawing.reactions, key=lambda r: (r.id in shown, abs(shown.get(r.id, 0.0)))):
        _draw_reaction(ax, reaction, shown.get(reaction.id), top, point)
    _draw_labels(ax, drawing, point)
    ax.set_title(drawing.name, fontsize="medium")
    _explain(ax, drawing, shown, top, point)
    return ax


def draw_flux_map(fluxes: Mapping[str, float] | pd.Series, drawing: ReactionMap, title: str = "") -> Figure:
    """Draw `plot_flux_map` on a new figure.

    Args:
        fluxes: Flux of every reaction, by id [mmol/gDW/h].
        drawing: The map.
        title: Title, by default the name of the map.
    """
    figure = _figure(drawing)
    plot_flux_map(fluxes, drawing, figure.axes[0]).set_title(title or drawing.name, fontsize="medium")
    return figure


def _numbers(fluxes: Mapping[str, float] | pd.Series) -> dict[str, float]:
    """Return the fluxes by reaction, without NaN."""
    if isinstance(fluxes, pd.Series) and not fluxes.index.is_unique:
        twice = fluxes.index[fluxes.index.duplicated()][0]
        raise InputError(f"`fluxes` has more than one flux of {twice!r}; expected one row of a table of fluxes")
    known = {}
    for name, value in fluxes.items():
        try:
            number = float(value)
        except (TypeError, ValueError) as error:
            raise InputError(f"`fluxes[{name!r}]` is {value!r}; expected a number [{FLUX}]") from error
        if np.isinf(number):
            raise InputError(f"`fluxes[{name!r}]` is {value!r}; expected a finite number [{FLUX}]")
        if not np.isnan(number):
            known[str(name)] = number
    return known


def _figure(drawing: ReactionMap) -> Figure:
    """Create a figure with one axes, sized for the labels."""
    left, right, bottom, top = drawing.extent
    width, height = (right - left) / drawing.letter, (top - bottom) / drawing.letter
    longest = max(width, height, 1.0)
    size = float(np.clip(72 * LONGEST_SIDE / longest, SMALLEST_TEXT, LARGEST_TEXT)) / 72
    inches = np.clip([size * width + 1.0, size * height + ABOVE + BELOW], 4.0, LONGEST_SIDE + ABOVE + BELOW)
    # No layout engine: it ignores artists outside axes of fixed aspect.
    rectangle = (0.02, BELOW / inches[1], 0.96, 1 - (ABOVE + BELOW) / inches[1])
    figure = Figure(figsize=(float(inches[0]), float(inches[1])), dpi=DPI)
    figure.add_axes(rectangle)
    return figure


def _points_per_length(drawing: ReactionMap, ax: Axes) -> float:
    """Return the points on the page per unit of the map, once its limits are set."""
    left, right, bottom, top = drawing.extent
    margin = 4 * drawing.letter
    ax.set_xlim(left - margin, right + margin)
    ax.set_ylim(bottom - margin, top + margin)
    figure = ax.get_figure()
    if figure is None:
        raise InputError("`ax` belongs to no figure; expected axes of a figure")
    box = ax.get_position()
    width, height = figure.bbox.width * box.width, figure.bbox.height * box.height
    pixels = min(width / (right - left + 2 * margin), height / (top - bottom + 2 * margin))
    return float(pixels * 72 / figure.dpi)


def _draw_reaction(ax: Axes, reaction: MapReaction, flux: float | None, top: float, point: float) -> None:
    size = 0.0 if flux is None else min(abs(flux) / top, 1.0)
    runs = flux is not None and abs(flux) > NO_FLUX
    colour = _shade(size) if runs else GREY
    width = point * _width(size if runs else 0.0)
    style = (0, (2, 2)) if flux is None else "-"
    for segment in reaction.segments:
        sign = int(np.sign(flux)) if flux is not None and runs else 0
        ends = "<|" * (segment.start == sign) + "-" + "|>" * (segment.end == sign) if sign else "-"
        path = Path(segment.curve, [Path.MOVETO, Path.CURVE4, Path.CURVE4, Path.CURVE4])
        if ends == "-":
            ax.add_patch(
                PathPatch(path, facecolor="none", edgecolor=colour, linewidth=width, linestyle=style, gid=reaction.id)
            )
            continue
        ax.add_patch(
            FancyArrowPatch(
                path=path, arrowstyle=f"{ends},head_length=0.35,head_width=0.16", color=colour, linewidth=width,
                mutation_scale=point + 2 * width, joinstyle="miter", gid=reaction.id,
            )
        )  # fmt: skip


def _width(size: float) -> float:
    """Return the width of a flux, relative to the height of a letter: a square root."""
    return THINNEST + (WIDEST - THINNEST) * float(np.sqrt(size))


def _shade(size: float) -> str:
    red, green, blue, _ = SHADES(float(np.sqrt(size)))
    return to_hex((red, green, blue))


def _draw_labels(ax: Axes, drawing: ReactionMap, point: float) -> None:
    # Centre a label on its node; if the node is a dot, put it beside.
    across, along = ("left", "baseline") if drawing.dots else ("center", "center")
    halo = [withStroke(linewidth=0.4 * point, foreground="white")]
    # A halo is not enough on a dark arrow.
    paper = {"facecolor": "white", "edgecolor": "none", "pad": 0.1 * point, "alpha": 0.0 if drawing.dots else 0.8}
    labels = [(r.label, r.id, "0.35", "normal") for r in drawing.reactions]
    labels += [(m.label, m.id, "black", "bold" if m.main else "normal") for m in drawing.metabolites]
    for place, text, colour, weight in labels:
        ax.text(
            *place, text, fontsize=point, color=colour, weight=weight, path_effects=halo, ha=across, va=along,
            bbox=paper, parse_math=False,
        )  # fmt: skip
    for metabolite in drawing.metabolites if drawing.dots else ():
        radius = drawing.letter * (MAIN_DOT if metabolite.main else SIDE_DOT)
        ax.add_patch(Circle(metabolite.position, radius, facecolor="white", edgecolor="0.2", zorder=2.5))


def _explain(ax: Axes, drawing: ReactionMap, shown: Mapping[str, float], top: float, point: float) -> None:
    """Add a legend of widths, units, missing reactions and omitted carriers."""
    handles = [
        Line2D([], [], color=_shade(value / top), linewidth=point * _width(value / top), label=f"{value:g}")
        for value in _round_sizes(top)
    ]
    idle = sum(abs(value) <= NO_FLUX for value in shown.values())
    missing = sum(reaction.id not in shown for reaction in drawing.reactions)
    thin = point * _width(0.0)
    if idle:
        handles.append(Line2D([], [], color=GREY, linewidth=thin, label=f"no flux: {idle}"))
    if missing:
        text = f"not among the fluxes: {missing}"
        handles.append(Line2D([], [], color=GREY, linewidth=thin, linestyle=(0, (2, 2)), label=text))
    title = f"flux [{FLUX}; growth {GROWTH}] of {len(drawing.reactions)} reactions"
    if drawing.left_out:
        title += "\n" + textwrap.fill(
            "hubs, left out of some reactions: " + ", ".join(drawing.left_out), 90, max_lines=3, placeholder=" …"
        )
    ax.legend(
        handles=handles, title=title, loc="upper center", bbox_to_anchor=(0.5, 0.0), ncols=len(handles),
        frameon=False, fontsize="small", title_fontsize="small", handlelength=3.0,
    )  # fmt: skip


def _round_sizes(top: float) -> list[float]:
    """Return three round numbers (1, 2 or 5 times a power of ten) up to the largest, each about a fifth of the next."""
    sizes: list[float] = []
    for goal in (top / 25, top / 5, top):
        decade = 10.0 ** np.floor(np.log10(goal))
        sizes.append(float(max(step * decade for step in (1, 2, 5) if step * decade <= goal * (1 + 1e-9))))
    return sizes
