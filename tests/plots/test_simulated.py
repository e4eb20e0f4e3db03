import numpy as np
import pandas as pd
import pytest

from metagnn.fba import simulate_fluxes
from metagnn.network import MetabolicNetwork
from metagnn.plots import draw_simulated, plot_over_media
from metagnn.plots.simulated import MOST_EXCHANGES, MOST_NAMED, main_exchanges


@pytest.fixture(scope="module")
def fluxes(core: MetabolicNetwork) -> pd.DataFrame:
    media = pd.DataFrame({"EX_glc__D_e": [0.0, 10.0, 3.0], "EX_o2_e": [20.0, 20.0, 20.0]}, ["starved", "rich", "poor"])
    with pytest.warns(UserWarning, match="infeasible"):
        return simulate_fluxes(core, media, "fba").fluxes


def dots(ax) -> list[tuple[float, float]]:
    return sorted(
        (float(x), float(y))
        for line in ax.lines
        if line.get_marker() == "o"
        for x, y in zip(*line.get_data(), strict=True)
    )


def test_every_medium_is_a_dot_and_uptake_has_its_colour():
    ax = plot_over_media(pd.Series([-1.0, np.nan, 2.0], ["a", "b", "c"], name="EX_o2_e"))
    assert dots(ax) == [(0.0, -1.0), (2.0, 2.0)]
    assert len({line.get_color() for line in ax.lines if line.get_marker() == "o"}) == 2
    assert [label.get_text() for label in ax.get_xticklabels()] == ["a", "b", "c"]
    assert ax.get_title(loc="left") == "EX_o2_e [mmol/gDW/h]"


def test_many_media_are_counted_and_not_named():
    ax = plot_over_media(pd.Series(np.arange(MOST_NAMED + 1.0), name="growth"), unit="1/h")
    assert len(ax.get_xticklabels()) < MOST_NAMED
    assert ax.get_title(loc="left") == "growth [1/h]"


def test_nothing_to_draw_is_said():
    ax = plot_over_media(pd.Series([np.nan], name="growth"))
    assert "no medium" in ax.texts[0].get_text()


def test_the_largest_exchanges_are_chosen_without_water_and_protons(core: MetabolicNetwork, fluxes: pd.DataFrame):
    names = main_exchanges(core, fluxes)
    size = fluxes[names].abs().mean()
    assert {"EX_glc__D_e", "EX_o2_e", "EX_co2_e"} <= set(names)
    assert not {"EX_h2o_e", "EX_h_e"} & set(names)
    assert list(size) == sorted(size, reverse=True)
    assert size.min() > 0
    assert main_exchanges(core, fluxes, most=2) == names[:2]
    assert len(names) <= MOST_EXCHANGES


def test_media_are_sorted_by_growth_and_those_without_an_optimum_are_counted(core, fluxes: pd.DataFrame):
    figure = draw_simulated(core, fluxes)
    first, *_, last = figure.axes
    assert len(figure.axes) == 1 + len(main_exchanges(core, fluxes))
    assert [y for _, y in dots(first)] == pytest.approx(
        [fluxes.loc[name, core.growth_reaction] for name in ("poor", "rich")]
    )
    assert [label.get_text() for label in last.get_xticklabels()] == ["poor", "rich"]
    assert "1 without an optimum" in figure.get_supxlabel()


def test_no_medium_at_all_can_be_drawn(core: MetabolicNetwork, fluxes: pd.DataFrame):
    (ax,) = draw_simulated(core, fluxes.loc[["starved"]]).axes
    assert "no medium" in ax.texts[0].get_text()
