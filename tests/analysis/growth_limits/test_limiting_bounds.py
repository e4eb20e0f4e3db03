import cobra.io
import numpy as np
import pandas as pd
import pytest

from metagnn.analysis.growth_limits.limiting_bounds import bottlenecks, reduced_costs, shadow_prices
from metagnn.errors import InputError, TableError
from metagnn.fba import simulate_fluxes
from metagnn.network import MetabolicNetwork
from metagnn.testing import toy_network
from tests.copies_and_threads import assert_copies_are_the_same, in_threads

MEDIA = pd.DataFrame({"EX_glc__D_e": [10.0, 10.0, 5.0], "EX_o2_e": [15.0, 0.0, 40.0]}, index=["micro", "none", "full"])


@pytest.fixture(scope="module")
def table(core: MetabolicNetwork) -> pd.DataFrame:
    return bottlenecks(core, MEDIA)


def test_the_nutrients_that_limit_are_named_first(table: pd.DataFrame):
    first = table.groupby("sample", sort=False).first()
    assert first["reaction"].eq("EX_glc__D_e").all()
    assert set(table.query("sample == 'micro' and kind == 'nutrient'")["reaction"]) == {"EX_glc__D_e", "EX_o2_e"}
    assert set(table.query("sample == 'full' and kind == 'nutrient'")["reaction"]) == {"EX_glc__D_e"}
    oxygen = table.query("sample == 'none' and reaction == 'EX_o2_e'")
    assert oxygen["kind"].tolist() == ["absent nutrient"]
    maintenance = table.query("sample == 'none' and reaction == 'ATPM'").iloc[0]
    assert (maintenance["kind"], maintenance["bound"]) == ("reaction", 8.39)


def test_gain_and_loss_are_what_a_little_more_and_less_does(core: MetabolicNetwork, table: pd.DataFrame):
    for _, row in table[table["kind"] == "nutrient"].iterrows():
        medium = MEDIA.loc[[row["sample"]]]
        name, step = row["reaction"], 1e-3
        moved = [medium.assign(**{name: medium[name] + move}) for move in (step, 0.0, -step)]
        growth = [simulate_fluxes(core, moves, "fba").growth.iloc[0] for moves in moved]
        assert row["growth"] == pytest.approx(growth[1])
        assert row["gain"] == pytest.approx((growth[0] - growth[1]) / step, abs=1e-6)
        assert row["loss"] == pytest.approx((growth[1] - growth[2]) / step, abs=1e-6)
        assert row["elasticity"] == pytest.approx(row["gain"] * abs(row["bound"]) / row["growth"])


def test_shadow_prices_and_reduced_costs_are_those_of_cobra(core: MetabolicNetwork):
    model = cobra.io.load_model("textbook")
    prices, costs = shadow_prices(core, MEDIA), reduced_costs(core, MEDIA)
    for label, medium in MEDIA.iterrows():
        with model:
            for name, uptake in medium.items():
                model.reactions.get_by_id(name).lower_bound = -uptake
            theirs = model.optimize()
        # Duals of a degenerate optimum are one of many: what both solvers agree on is that they are optimal.
        same = np.isclose(theirs.shadow_prices, prices.loc[label], atol=1e-6)
        assert same.mean() > 0.8
        assert prices.loc[label, "glc__D_e"] == pytest.approx(theirs.shadow_prices["glc__D_e"], abs=1e-6)
        assert costs.loc[label, "EX_glc__D_e"] == pytest.approx(prices.loc[label, "glc__D_e"], abs=1e-9)


def test_a_kink_is_said_to_be_degenerate_and_a_closed_reaction_to_be_closed(core: MetabolicNetwork):
    network = toy_network(
        {"EX_a": "a <=>", "EX_b": "b <=>", "EX_c": "<=> c", "r": "a + b -> d", "s": "c -> d", "growth": "d ->"},
        "growth",
        {"EX_c": (-1000, 0)},
    )
    found = bottlenecks(network, pd.DataFrame({"EX_a": [5.0, 4.0], "EX_b": [5.0, 5.0]}))
    assert found.query("sample == 0 and kind == 'nutrient'")["degenerate"].all()
    single = found.query("sample == 1 and kind == 'nutrient'")
    assert (single["reaction"].tolist(), single["degenerate"].tolist()) == (["EX_a"], [False])
    assert found.query("kind == 'absent nutrient'")["reaction"].tolist() == ["EX_c", "EX_c"]
    knocked = bottlenecks(core.knock_out(["ATPS4r"]), MEDIA.loc[["micro"]], most=200)
    assert "closed reaction" in knocked.query("reaction == 'ATPS4r'")["kind"].tolist()


def test_media_without_an_optimum_are_counted(core: MetabolicNetwork):
    media = pd.DataFrame({"EX_glc__D_e": [10.0, 0.0]})
    with pytest.warns(UserWarning, match="1 of 2 media have no optimum"):
        assert set(bottlenecks(core, media)["sample"]) == {0}
    assert shadow_prices(core, media).isna().all(axis=1).tolist() == [False, True]
    with pytest.warns(UserWarning, match="1 of 1 media"):
        assert len(bottlenecks(core, media[1:])) == 0


def test_bad_input_is_named(core: MetabolicNetwork):
    with pytest.raises(InputError, match="`most` is -1; expected at least 0"):
        bottlenecks(core, MEDIA, most=-1)
    with pytest.raises(TableError, match="'EX_glc_e' is no exchange of e_coli_core"):
        bottlenecks(core, MEDIA.rename(columns={"EX_glc__D_e": "EX_glc_e"}))


def test_copies_are_the_same_and_threads_give_the_serial_table(core):
    media = pd.DataFrame({"EX_glc__D_e": [10.0, 4.0, 1.0], "EX_o2_e": [15.0, 2.0, 20.0]})
    expected = bottlenecks(core, media)
    assert_copies_are_the_same(expected)
    assert all(found.equals(expected) for found in in_threads(lambda _: bottlenecks(core, media), range(8)))
