import numpy as np
import pandas as pd
import pytest

from metagnn.datasets.extrapolation import (
    FEW,
    LOW_SHARE,
    SPLITS,
    oxygen_exchange,
    split_media,
    uptake_prices,
)
from metagnn.datasets.media import sparse_media
from metagnn.datasets.reference_media import E_COLI_CORE_RANGES
from metagnn.errors import InputError, TableError
from metagnn.fba.simulate import simulate_fluxes
from metagnn.network import MetabolicNetwork, load_network
from metagnn.testing import toy_network

O2, GLC = "EX_o2_e", "EX_glc__D_e"
SOURCES = [name for name in E_COLI_CORE_RANGES if name != O2]


@pytest.fixture(scope="module")
def media() -> pd.DataFrame:
    """Media of one to four carbon sources, all feasible on e_coli_core."""
    drawn = pd.concat(
        [sparse_media(E_COLI_CORE_RANGES, 30, count, [O2], seed=count) for count in range(1, 5)], ignore_index=True
    )
    prices = uptake_prices(load_network("e_coli_core"), drawn)
    return drawn[prices[O2].notna()].reset_index(drop=True)


@pytest.mark.parametrize("name", SPLITS)
def test_nothing_trains_and_tests(core: MetabolicNetwork, media: pd.DataFrame, name: str) -> None:
    for seed in range(3):
        split = split_media(core, media, name, seed)
        both = np.concatenate([split.train, split.test])
        assert len(np.unique(both)) == len(both)
        assert both.min() >= 0
        assert both.max() < len(media)
        assert split.name == name
        assert split.held_out
        again = split_media(core, media, name, seed)
        assert np.array_equal(split.train, again.train)
        assert np.array_equal(split.test, again.test)


@pytest.mark.parametrize("name", SPLITS)
def test_order_of_columns_and_an_unused_column_change_no_split_but_the_choice(
    core: MetabolicNetwork, media: pd.DataFrame, name: str
) -> None:
    # The first source is what is held out; so it stays the first.
    shuffled = media[[O2, *SOURCES]].assign(EX_fru_e=0.0)
    for seed in range(2):
        ours, theirs = split_media(core, media, name, seed), split_media(core, shuffled, name, seed)
        assert np.array_equal(ours.train, theirs.train)
        assert np.array_equal(ours.test, theirs.test)


def test_uptake_range_tests_beyond_what_was_seen(core: MetabolicNetwork, media: pd.DataFrame) -> None:
    split = split_media(core, media, "uptake_range")
    threshold = LOW_SHARE * media[GLC].max()
    assert media[GLC][split.train].max() < threshold <= media[GLC][split.test].min()
    assert GLC in split.held_out


def test_successive_seeds_leave_out_every_substrate(core: MetabolicNetwork, media: pd.DataFrame) -> None:
    held_out = []
    for seed in range(len(SOURCES)):
        split = split_media(core, media, "leave_substrate_out", seed)
        name = split.held_out.partition(",")[0]
        assert (media[name][split.train] == 0).all()
        assert (media[name][split.test] > 0).all()
        held_out.append(name)
    assert sorted(held_out) == sorted(SOURCES)


def test_few_train_and_many_test(core: MetabolicNetwork, media: pd.DataFrame) -> None:
    split = split_media(core, media, "few_to_many")
    count = (media[SOURCES] > 0).sum(axis=1).to_numpy()
    assert set(count[split.train]) == {1, 2}
    assert set(count[split.test]) == {FEW + 1, FEW + 2}


def test_limitation_is_what_more_oxygen_changes(core: MetabolicNetwork, media: pd.DataFrame) -> None:
    """The oracle is another method: solve every medium again with a little more O2."""
    split = split_media(core, media, "limitation_switch")
    before = simulate_fluxes(core, media, "fba").growth.to_numpy()
    after = simulate_fluxes(core, media.assign(**{O2: media[O2] + 1e-3}), "fba").growth.to_numpy()
    assert ((after - before)[split.train] > 1e-6).all()
    assert ((after - before)[split.test] < 1e-6).all()
    assert len(split.train) + len(split.test) == len(media)


def test_prices_are_slopes_of_growth(core: MetabolicNetwork, media: pd.DataFrame) -> None:
    some, step = media[:12], 1e-5
    prices = uptake_prices(core, some)
    before = simulate_fluxes(core, some, "fba").growth
    for name in some.columns:
        slope = (simulate_fluxes(core, some.assign(**{name: some[name] + step}), "fba").growth - before) / step
        # At a kink the price is one of the valid slopes: never below the one to the right.
        assert (prices[name] - slope > -1e-4).all()
        assert np.median(np.abs(prices[name] - slope)) < 1e-4


def test_oxygen_is_found_by_its_formula(core: MetabolicNetwork) -> None:
    assert oxygen_exchange(core) == O2
    toy = toy_network(
        {"EX_h2o": "h2o <=>", "EX_x": "x <=>", "growth": "h2o + x ->"}, "growth", formulas={"h2o": "H2O", "x": "O2"}
    )
    assert oxygen_exchange(toy) == "EX_x"


def test_what_cannot_be_split_is_said(core: MetabolicNetwork, media: pd.DataFrame) -> None:
    with pytest.raises(InputError, match="'few_to_man' is no split; did you mean 'few_to_many'"):
        split_media(core, media, "few_to_man")
    with pytest.raises(TableError, match="has 0 training and"):
        split_media(core, media[(media[SOURCES] > 0).all(axis=1)], "few_to_many")
    with pytest.raises(TableError, match="no carbon source is present in 5 media and absent from 5"):
        split_media(core, media[(media[SOURCES] > 0).all(axis=1)], "leave_substrate_out")
    with pytest.raises(TableError, match="does not set the uptake of O2, 'EX_o2_e'"):
        split_media(core, media.drop(columns=O2), "limitation_switch")
    with pytest.raises(TableError, match="names no carbon source"):
        split_media(core, media[[O2]], "few_to_many")
    with pytest.raises(TableError, match="no carbon source varies"):
        split_media(core, media[[O2]].assign(**{GLC: 5.0}), "uptake_range")
    with pytest.raises(TableError, match="'EX_typo_e'"):
        split_media(core, media.assign(EX_typo_e=1.0), "random")
    toy = toy_network({"EX_a": "a <=>", "growth": "a ->"}, "growth")
    with pytest.raises(TableError, match="exchanges no O2"):
        oxygen_exchange(toy)


def test_a_knockout_changes_what_limits(core: MetabolicNetwork, media: pd.DataFrame) -> None:
    prices = uptake_prices(core, media.assign(knockout="CYTBD"))
    # Without the terminal oxidase no O2 is of use.
    assert prices[O2].max() < 1e-9
    split = split_media(core, media.assign(knockout=""), "few_to_many")
    assert np.array_equal(split.train, split_media(core, media, "few_to_many").train)
