import dataclasses

import numpy as np
import pandas as pd
import pytest

from metagnn.errors import InputError, NetworkError, TableError
from metagnn.fba.simulate import simulate_fluxes
from metagnn.medium_predictor import MEDIUM_TRAINING, MediumPredictor
from metagnn.network import MetabolicNetwork

SUBSTRATES = ["EX_glc__D_e", "EX_ac_e", "EX_succ_e", "EX_pyr_e"]
HIDDEN = np.array([3.0, 8.0, 5.0, 6.0])
SHORT = dataclasses.replace(MEDIUM_TRAINING, epochs=150, learning_rate=3e-2)


@pytest.fixture(scope="module")
def cell(core: MetabolicNetwork) -> tuple[MetabolicNetwork, pd.DataFrame, pd.DataFrame]:
    """All media of one to four substrates, and growth with hidden uptakes."""
    network = core.with_medium({n: up for n, up in core.medium().items() if n not in SUBSTRATES})
    held = np.array([[(number >> bit) & 1 for bit in range(4)] for number in range(1, 16)], dtype=float)
    media = pd.DataFrame(held, columns=SUBSTRATES, index=[f"m{number}" for number in range(15)])
    growth = simulate_fluxes(network, media * HIDDEN, "fba").growth
    return network, media, growth.to_frame(network.growth_reaction)


@pytest.fixture(scope="module")
def fitted(cell: tuple[MetabolicNetwork, pd.DataFrame, pd.DataFrame]) -> MediumPredictor:
    network, media, growth = cell
    return MediumPredictor(network, seed=0, training=SHORT).fit(media, growth, progress=False)


def test_growth_is_learned_and_every_flux_obeys_the_laws(
    cell: tuple[MetabolicNetwork, pd.DataFrame, pd.DataFrame], fitted: MediumPredictor
) -> None:
    network, media, growth = cell
    fluxes = fitted.predict(media)
    assert list(fluxes.columns) == list(network.reactions)
    assert fluxes.index.equals(media.index)
    error = fluxes[network.growth_reaction] - growth[network.growth_reaction]
    assert error.std() < 0.3 * growth.std().item()
    assert np.abs(network.stoichiometry.to_scipy() @ fluxes.to_numpy().T).max() < 1e-7
    uptakes = fitted.uptakes(media)
    assert (-fluxes[SUBSTRATES] <= uptakes + 1e-7).all(axis=None)
    assert ((uptakes > 0) == (media > 0)).all(axis=None)
    assert fitted.history_["growth_error"].iloc[-1] < 0.2 * fitted.history_["growth_error"].iloc[0]


def test_a_seed_is_a_result_and_columns_have_no_order(
    cell: tuple[MetabolicNetwork, pd.DataFrame, pd.DataFrame],
) -> None:
    network, media, growth = cell
    few = dataclasses.replace(SHORT, epochs=3)
    first, second = (
        MediumPredictor(network, seed=4, training=few).fit(media, growth, progress=False) for _ in range(2)
    )
    pd.testing.assert_frame_equal(first.uptakes(media), second.uptakes(media))
    pd.testing.assert_frame_equal(first.uptakes(media[SUBSTRATES[::-1]]), first.uptakes(media))


def test_a_medium_that_starves_does_not_grow(fitted: MediumPredictor) -> None:
    empty = pd.DataFrame(np.zeros((1, 4)), columns=SUBSTRATES)
    with pytest.warns(UserWarning, match="1 of 1 media are infeasible"):
        fluxes = fitted.predict(empty)
    assert fluxes[fitted.growth_reaction].tolist() == [0.0]
    assert fluxes.drop(columns=fitted.growth_reaction).isna().all(axis=None)


def test_gaps_in_growth_are_left_out(cell: tuple[MetabolicNetwork, pd.DataFrame, pd.DataFrame]) -> None:
    network, media, growth = cell
    few = dataclasses.replace(SHORT, epochs=2)
    gaps = growth.copy()
    gaps.loc["m3"] = np.nan
    whole = MediumPredictor(network, training=few).fit(media.drop("m3"), growth.drop("m3"), progress=False)
    holey = MediumPredictor(network, training=few).fit(media, gaps, progress=False)
    pd.testing.assert_frame_equal(whole.uptakes(media), holey.uptakes(media))


def test_bad_input_is_named(cell: tuple[MetabolicNetwork, pd.DataFrame, pd.DataFrame]) -> None:
    network, media, growth = cell
    predictor = MediumPredictor(network, training=SHORT)
    with pytest.raises(InputError, match="was not fitted; call `fit` first"):
        predictor.predict(media)
    with pytest.raises(TableError, match=r"column 'EX_ac_e', row 0: 0\.5; expected 1 where the medium holds it"):
        predictor.fit(media.assign(EX_ac_e=0.5), growth)
    with pytest.raises(TableError, match="`growth` holds 'PGI'; expected 'Biomass_Ecoli_core' alone"):
        predictor.fit(media, growth.assign(PGI=1.0))
    with pytest.raises(TableError, match="4 rows with a growth rate; expected at least 5"):
        predictor.fit(media[:4], growth[:4])
    with pytest.raises(TableError, match="same index"):
        predictor.fit(media, growth.reset_index(drop=True))
    with pytest.raises(TableError, match="EX_glucose"):
        predictor.fit(media.rename(columns={"EX_glc__D_e": "EX_glucose"}), growth)
    with pytest.raises(NetworkError):
        predictor.fit(media, growth.rename(columns={network.growth_reaction: "growth"}))
