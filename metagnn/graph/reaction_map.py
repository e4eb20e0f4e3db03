"""A map of reactions: positions and curves in the plane, drawn by `metagnn.plots`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.interpolate import BSpline
from scipy.optimize import bisect

Inside = Callable[[np.ndarray], bool]
"""Tests whether a point of shape `[2]` lies in a box that a curve must not cross."""

KNOTS = np.repeat([0.0, 1.0], 4)
"""A cubic Bézier curve is a B-spline on these knots."""

MAIN_DOT, SIDE_DOT = 0.6, 0.35
"""Radius of the dots of main metabolites and of carriers, relative to the height of a letter."""


@dataclass(frozen=True)
class MapMetabolite:
    """A metabolite on the map; the same metabolite may appear several times.

    Attributes:
        id: Identifier.
        position: Its position, x to the right and y upwards.
        label: Position of its label.
        main: Whether it is part of the main flow, rather than one of its carriers.
    """

    id: str
    position: tuple[float, float]
    label: tuple[float, float]
    main: bool = True


@dataclass(frozen=True, eq=False)
class MapSegment:
    """A piece of a reaction: a cubic Bézier curve.

    Attributes:
        curve: Four control points, shape `[4, 2]`.
        start: Sign of the flux that draws an arrow at the start: 1, −1, or 0 for no arrow.
        end: The same for the end.
    """

    curve: np.ndarray
    start: int = 0
    end: int = 0


@dataclass(frozen=True, eq=False)
class MapReaction:
    """A reaction on the map.

    Attributes:
        id: Identifier, with which its flux is looked up.
        label: Position of its label.
        segments: Its pieces.
    """

    id: str
    label: tuple[float, float]
    segments: tuple[MapSegment, ...]


@dataclass(frozen=True, eq=False)
class ReactionMap:
    """Metabolites, reactions and their curves in the plane.

    Attributes:
        name: Title of the map.
        metabolites: Every position of every metabolite.
        reactions: Every reaction.
        letter: Height of a letter of the labels, in the map's units.
        dots: Whether to draw metabolites as dots with labels beside them, rather than as labels alone.
        left_out: Carriers that the map leaves out of some of their reactions.
    """

    name: str
    metabolites: tuple[MapMetabolite, ...]
    reactions: tuple[MapReaction, ...]
    letter: float
    dots: bool = False
    left_out: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"ReactionMap({self.name!r}, {len(self.reactions)} reactions, {len(self.metabolites)} metabolites)"

    @property
    def extent(self) -> tuple[float, float, float, float]:
        """Return the smallest and largest x and y of everything drawn."""
        places = [place for m in self.metabolites for place in (m.position, m.label)]
        places += [reaction.label for reaction in self.reactions]
        curves = [segment.curve for reaction in self.reactions for segment in reaction.segments]
        points = np.concatenate([np.array(places, dtype=np.float64).reshape(-1, 2), *curves])
        if not len(points):
            return 0.0, 1.0, 0.0, 1.0
        (left, bottom), (right, top) = points.min(axis=0), points.max(axis=0)
        return float(left), float(right), float(bottom), float(top)


def straight_curve(start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """Return a straight line as a curve: four control points, shape `[4, 2]`."""
    return np.linspace(start, end, 4)


def cut_start(curve: np.ndarray, inside: Inside) -> np.ndarray:
    """Cut a curve where it leaves the box around its start; unchanged if it starts outside or ends inside.

    Args:
        curve: Four control points, shape `[4, 2]`.
        inside: The box.
    """
    if not inside(curve[0]) or inside(curve[-1]):
        return curve
    spline = BSpline(KNOTS, curve, 3)
    share = bisect(lambda share: 1.0 if inside(spline(share)) else -1.0, 0.0, 1.0, xtol=1e-7)
    # Inserting a knot three times splits the curve into two Bézier curves.
    rest: np.ndarray = spline.insert_knot(share, 3).c[3:7]
    return rest


def cut_end(curve: np.ndarray, inside: Inside) -> np.ndarray:
    """Cut a curve where it enters the box around its end; see `cut_start`."""
    return cut_start(curve[::-1], inside)[::-1]
