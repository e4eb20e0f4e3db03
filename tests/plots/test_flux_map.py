from pathlib import Path as FilePath

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.patches import Circle, FancyArrowPatch, Patch

from metagnn.errors import InputError
from metagnn.graph.layout import layout_network
from metagnn.graph.reaction_map import MapMetabolite, MapReaction, MapSegment, ReactionMap
from metagnn.plots import draw_flux_map, new_figure, plot_flux_map, save_figure
from metagnn.testing import toy_network

FLUXES = {"EX_a": -4.0, "r": 4.0, "s": 1.0, "t": 0.0, "EX_b": 5.0}


@pytest.fixture(scope="module")
def drawing() -> ReactionMap:
    return layout_network(
        toy_network({"EX_a": "a <=>", "r": "a -> b", "s": "a <=> b", "t": "b -> c", "u": "c -> a", "EX_b": "b ->"})
    )


def patches(ax: Axes, reaction: str) -> list[Patch]:
    return [patch for patch in ax.patches if patch.get_gid() == reaction]


def heads(ax: Axes, reaction: str) -> list[tuple[bool, bool]]:
    """Whether every piece of a reaction has an arrowhead at its start and at its end."""
    arrows = [p.get_arrowstyle().arrow if isinstance(p, FancyArrowPatch) else "-" for p in patches(ax, reaction)]
    return [("<|" in arrow, "|>" in arrow) for arrow in arrows]


def width(ax: Axes, reaction: str) -> float:
    (value,) = {patch.get_linewidth() for patch in patches(ax, reaction)}
    return value


def legend(ax: Axes) -> list[str]:
    return [text.get_text() for text in ax.get_legend().get_texts()]


def test_a_larger_flux_is_wider_and_darker(drawing: ReactionMap):
    ax = plot_flux_map(FLUXES, drawing)
    assert width(ax, "EX_b") > width(ax, "r") == width(ax, "EX_a") > width(ax, "s") > width(ax, "t")
    shades = [sum(patches(ax, name)[0].get_edgecolor()[:3]) for name in ("EX_b", "r", "s")]
    assert shades == sorted(shades)


def test_arrows_turn_with_the_sign(drawing: ReactionMap):
    ax = plot_flux_map(FLUXES, drawing)
    turned = plot_flux_map({name: -flux for name, flux in FLUXES.items()}, drawing)
    for reaction in drawing.reactions[:3]:
        sign = np.sign(FLUXES[reaction.id])
        wanted = [(piece.start == sign, piece.end == sign) for piece in reaction.segments]
        assert heads(ax, reaction.id) == wanted
        assert heads(turned, reaction.id) == [(p.start == -sign, p.end == -sign) for p in reaction.segments]
        assert any(map(any, wanted))


def test_no_flux_and_no_data_are_told_apart_and_counted(drawing: ReactionMap):
    ax = plot_flux_map(FLUXES | {"s": 1e-9}, drawing)
    assert "no flux: 2" in legend(ax)
    assert "not among the fluxes: 1" in legend(ax)
    assert not any(map(any, heads(ax, "t") + heads(ax, "s") + heads(ax, "u")))
    assert patches(ax, "t")[0].get_linestyle() == "-"
    assert patches(ax, "u")[0].get_linestyle() != "-"
    unknown = plot_flux_map(FLUXES | {"u": float("nan")}, drawing)
    assert legend(unknown) == legend(plot_flux_map(FLUXES, drawing))


def test_the_map_is_relative_unless_its_largest_flux_is_given(drawing: ReactionMap):
    ax, tenfold = plot_flux_map(FLUXES, drawing), plot_flux_map({k: 10 * v for k, v in FLUXES.items()}, drawing)
    assert width(tenfold, "r") == pytest.approx(width(ax, "r"))
    shared = [plot_flux_map({k: f * v for k, v in FLUXES.items()}, drawing, largest=50.0) for f in (1, 10)]
    assert width(shared[0], "r") < width(shared[1], "r") == pytest.approx(width(tenfold, "r"))
    assert legend(shared[0])[:3] == legend(shared[1])[:3] == ["2", "10", "50"]


def test_the_legend_says_units_and_carriers(core):
    ax = plot_flux_map({}, layout_network(core))
    title = ax.get_legend().get_title().get_text()
    assert "[mmol/gDW/h; growth 1/h] of 95 reactions" in title
    assert "hubs, left out of some reactions: adp_c, atp_c" in title
    assert "not among the fluxes: 95" in legend(ax)


def test_labels_are_text_not_formulas_and_there_for_everything(drawing: ReactionMap):
    ax = plot_flux_map(FLUXES, drawing)
    shown = [text.get_text() for text in ax.texts]
    assert sorted(shown) == sorted([r.id for r in drawing.reactions] + [m.id for m in drawing.metabolites])
    assert ax.get_title() == "toy"
    dollar = ReactionMap("map", (MapMetabolite("a$b$_c", (0, 0), (0, 0)),), drawing.reactions, letter=1.0)
    save = plot_flux_map(FLUXES, dollar).figure.canvas
    save.draw()


def test_given_axes_are_used_and_dots_drawn_where_the_map_has_them():
    curve = np.array([[0.0, 0.0], [10.0, 0.0], [20.0, 0.0], [30.0, 0.0]])
    nodes = (MapMetabolite("a", (0, 0), (2, 2)), MapMetabolite("b", (30, 0), (32, 2), main=False))
    drawing = ReactionMap("m", nodes, (MapReaction("r", (15, 2), (MapSegment(curve, -1, 1),)),), letter=2.0, dots=True)
    _, axes = new_figure()
    ax = plot_flux_map({"r": 2.0}, drawing, axes[0, 0])
    assert ax is axes[0, 0]
    main, side = (patch for patch in ax.patches if isinstance(patch, Circle))
    assert main.radius > side.radius
    assert heads(ax, "r") == [(False, True)]


@pytest.mark.parametrize("ending", ["png", "svg"])
def test_pictures_are_written(drawing: ReactionMap, tmp_path: FilePath, ending: str):
    figure = draw_flux_map(pd.Series(FLUXES), drawing, "a title")
    assert figure.axes[0].get_title() == "a title"
    path = tmp_path / f"map.{ending}"
    save_figure(figure, path)
    content = path.read_bytes()
    assert content.startswith(b"\x89PNG" if ending == "png" else b"<?xml")
    # Scripts find reactions in the picture.
    assert ending == "png" or b'id="EX_a"' in content


def test_an_empty_map_says_so(drawing: ReactionMap):
    ax = plot_flux_map(FLUXES, ReactionMap("nothing", (), (), letter=1.0))
    assert [text.get_text() for text in ax.texts] == ["no reactions to show"]
    ax.figure.canvas.draw()


@pytest.mark.parametrize(
    ("fluxes", "largest", "message"),
    [
        (pd.Series(["fast"], index=["r"]), None, r"`fluxes\['r'\]` is 'fast'; expected a number"),
        ({"r": float("inf")}, None, r"`fluxes\['r'\]` is inf; expected a finite number"),
        (pd.Series([1.0, 2.0], index=["r", "r"]), None, "more than one flux of 'r'"),
        (FLUXES, 0.0, "`largest` is 0.0; expected a flux > 0"),
        (FLUXES, float("nan"), "`largest` is nan"),
    ],
)
def test_bad_fluxes_are_refused(drawing: ReactionMap, fluxes, largest, message: str):
    with pytest.raises(InputError, match=message):
        plot_flux_map(fluxes, drawing, largest=largest)
