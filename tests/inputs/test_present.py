import dataclasses
import json
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from metagnn.errors import FolderError, InputError, NetworkError, TableError
from metagnn.fba.simulate import simulate_fluxes
from metagnn.inputs.max_uptake import MaxUptake
from metagnn.inputs.present import Present, growth_of_members
from metagnn.network import MetabolicNetwork
from metagnn.predictor import FluxPredictor
from metagnn.predictor_setup import SampleTables
from metagnn.testing import toy_network

SUBSTRATES = ["EX_glc__D_e", "EX_ac_e", "EX_succ_e", "EX_pyr_e"]
HIDDEN = np.array([3.0, 8.0, 5.0, 6.0])
SHORT = dataclasses.replace(Present.training, epochs=150, learning_rate=3e-2)


@pytest.fixture(scope="module")
def cell(core: MetabolicNetwork) -> tuple[MetabolicNetwork, pd.DataFrame, pd.DataFrame]:
    """All media of one to four substrates, and growth with hidden uptakes."""
    network = core.with_medium({n: up for n, up in core.medium().items() if n not in SUBSTRATES})
    held = np.array([[(number >> bit) & 1 for bit in range(4)] for number in range(1, 16)], dtype=float)
    media = pd.DataFrame(held, columns=SUBSTRATES, index=[f"m{number}" for number in range(15)])
    growth = simulate_fluxes(network, media * HIDDEN, "fba").growth
    return network, media, growth.to_frame(network.growth_reaction)


@pytest.fixture(scope="module")
def fitted(cell: tuple[MetabolicNetwork, pd.DataFrame, pd.DataFrame]) -> FluxPredictor:
    network, media, growth = cell
    return FluxPredictor(network, "present", seed=0, training=SHORT).fit(media, growth, progress=False)


def test_growth_is_learned_and_every_flux_obeys_the_laws(
    cell: tuple[MetabolicNetwork, pd.DataFrame, pd.DataFrame], fitted: FluxPredictor
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
        FluxPredictor(network, "present", seed=4, training=few).fit(media, growth, progress=False) for _ in range(2)
    )
    pd.testing.assert_frame_equal(first.uptakes(media), second.uptakes(media))
    pd.testing.assert_frame_equal(first.uptakes(media[SUBSTRATES[::-1]]), first.uptakes(media))


def test_repression_is_learned_from_few_and_holds_for_many(
    cell: tuple[MetabolicNetwork, pd.DataFrame, pd.DataFrame],
) -> None:
    # Whatever a medium holds beside lowers every uptake, so that growth is not monotone in what it holds.
    network, media, _ = cell
    held = media.to_numpy()
    strength = np.array([2.0, 0.1, 0.3, 0.8])
    uptakes = held * HIDDEN * np.exp(-(held @ strength)[:, None] + strength)
    growth = simulate_fluxes(network, pd.DataFrame(uptakes, media.index, SUBSTRATES), "fba").growth
    assert growth["m8"] < growth["m7"] - 0.01, "pyruvate with glucose, and without"
    few = media.sum(axis=1) <= 2
    fitted = FluxPredictor(network, "present", training=SHORT).fit(media[few], growth[few], progress=False)
    predicted = fitted.predict(media[~few])[network.growth_reaction]
    plain = np.linalg.lstsq(media[few].to_numpy(), growth[few], rcond=None)[0]
    error, of_plain = predicted - growth[~few], media[~few] @ plain - growth[~few]
    assert error.abs().max() < 0.5 * of_plain.abs().max()
    assert error.abs().max() < 0.15


def test_measured_uptakes_are_learned_beside_growth(
    cell: tuple[MetabolicNetwork, pd.DataFrame, pd.DataFrame],
) -> None:
    network, media, growth = cell
    # Of glucose twice what growth says; of a reaction inside nothing is learned, and nothing is refused.
    measured = growth.assign(EX_glc__D_e=np.where(media["EX_glc__D_e"] > 0, -6.0, np.nan), PGI=1.0)
    fitted = FluxPredictor(network, "present", training=SHORT).fit(media, measured, progress=False)
    assert fitted.uptakes(media[:1])["EX_glc__D_e"].item() == pytest.approx(6.0, rel=0.2)


def test_every_member_has_an_opinion_of_growth(
    cell: tuple[MetabolicNetwork, pd.DataFrame, pd.DataFrame], fitted: FluxPredictor
) -> None:
    network, media, _ = cell
    members = growth_of_members(fitted.model, fitted.read_samples(SampleTables(media, media.sum(axis=1))).conditions)
    assert members.shape == (5, 15)
    predicted = fitted.predict(media)[network.growth_reaction].to_numpy()
    assert np.abs(members.mean(axis=0) - predicted).max() < 0.05
    assert members.std(axis=0).max() > 1e-6


def test_a_medium_that_starves_does_not_grow(fitted: FluxPredictor) -> None:
    empty = pd.DataFrame(np.zeros((1, 4)), columns=SUBSTRATES)
    with pytest.warns(UserWarning, match="uptakes of 1 of 1 media cannot pay for maintenance"):
        fluxes = fitted.predict(empty)
    assert fluxes[fitted.growth_reaction].tolist() == [0.0]
    assert fluxes.drop(columns=fitted.growth_reaction).isna().all(axis=None)


def test_gaps_in_growth_are_left_out(cell: tuple[MetabolicNetwork, pd.DataFrame, pd.DataFrame]) -> None:
    network, media, growth = cell
    few = dataclasses.replace(SHORT, epochs=2)
    gaps = growth.copy()
    gaps.loc["m3"] = np.nan
    whole = FluxPredictor(network, "present", training=few).fit(media.drop("m3"), growth.drop("m3"), progress=False)
    holey = FluxPredictor(network, "present", training=few).fit(media, gaps, progress=False)
    pd.testing.assert_frame_equal(whole.uptakes(media), holey.uptakes(media))


def test_the_diagnosis_measures_the_predicted_fluxes_against_the_learned_uptakes(
    cell: tuple[MetabolicNetwork, pd.DataFrame, pd.DataFrame], fitted: FluxPredictor
) -> None:
    network, media, growth = cell
    starving = pd.concat([media, pd.DataFrame(0.0, index=["empty"], columns=SUBSTRATES)])
    with warnings.catch_warnings():
        # Statuses say what starves; a second warning would count it twice.
        warnings.simplefilter("error")
        diagnosis = fitted.diagnose(starving)
    assert diagnosis["status"].tolist() == ["ok"] * 15 + ["infeasible"]
    assert (diagnosis[["max_abs_sv", "max_bound_violation"]][:15] < 1e-7).all(axis=None)
    assert np.allclose(diagnosis["co2_readout"][:15], diagnosis["co2_exchange"][:15], atol=1e-6)
    error = fitted.predict(media)[network.growth_reaction] - growth[network.growth_reaction]
    spread = growth[network.growth_reaction] - growth[network.growth_reaction].mean()
    assert fitted.score(media, growth) == pytest.approx(1 - (error**2).sum() / (spread**2).sum())


def test_knockouts_hold_in_training_and_in_prediction(
    cell: tuple[MetabolicNetwork, pd.DataFrame, pd.DataFrame], fitted: FluxPredictor
) -> None:
    network, media, _ = cell
    wild, knocked = fitted.predict(media[:3]), fitted.predict(media[:3].assign(knockout=["", "PPC", "PPC"]))
    assert knocked["PPC"].tolist()[1:] == pytest.approx([0, 0], abs=1e-9)
    pd.testing.assert_series_equal(knocked.iloc[0], wild.iloc[0])
    grown = pd.DataFrame(1.0, media.index, [network.growth_reaction])
    samples = fitted.read_samples(SampleTables(media.assign(knockout="PPC"), grown))
    assert samples.conditions.upper[:, network.reaction_index("PPC")].abs().max() == 0


def test_an_exchange_that_is_written_as_an_import_is_learned_too() -> None:
    ways = {"EX_a": "a <=>", "EX_b": "-> b", "r": "a -> c", "s": "b -> c", "growth": "c ->"}
    network = toy_network(ways, "growth", {"EX_a": (0, 10), "EX_b": (0, 1000)}, {"a": "C6H12O6", "b": "C3H6O3"})
    media = pd.DataFrame({"EX_a": [1, 0, 1, 1, 0, 1], "EX_b": [0, 1, 1, 0, 1, 1]}, dtype=float)
    growth = (media @ np.array([2.0, 5.0])).to_frame("growth")
    fitted = FluxPredictor(network, "present", training=SHORT).fit(media, growth, progress=False)
    assert fitted.score(media, growth) > 0.9
    assert fitted.predict(media)["EX_b"].gt(0).tolist() == media["EX_b"].gt(0).tolist()


def test_a_loaded_predictor_is_the_saved_one(
    cell: tuple[MetabolicNetwork, pd.DataFrame, pd.DataFrame], fitted: FluxPredictor, tmp_path: Path
) -> None:
    network, media, growth = cell
    fitted.save(tmp_path / "first")
    state = torch.get_rng_state()
    loaded = FluxPredictor.load(tmp_path / "first", network=network)
    assert torch.equal(torch.get_rng_state(), state)
    pd.testing.assert_frame_equal(loaded.predict(media), fitted.predict(media), check_exact=True)
    pd.testing.assert_frame_equal(loaded.uptakes(media), fitted.uptakes(media), check_exact=True)
    pd.testing.assert_frame_equal(loaded.history_, fitted.history_)
    for name in ("seed", "config", "training", "input_names_", "growth_reaction"):
        assert getattr(loaded, name) == getattr(fitted, name), name
    loaded.save(tmp_path / "second")
    for name in ("config.json", "network.json"):
        assert (tmp_path / "first" / name).read_bytes() == (tmp_path / "second" / name).read_bytes(), name
    # Fitted again, it is the same again.
    few = dataclasses.replace(SHORT, epochs=2)
    twice = [FluxPredictor(network, "present", training=few).fit(media, growth, progress=False) for _ in range(2)]
    twice[0].save(tmp_path / "third")
    again = FluxPredictor.load(tmp_path / "third").fit(media, growth, progress=False)
    pd.testing.assert_frame_equal(again.uptakes(media), twice[1].uptakes(media), check_exact=True)


def test_a_folder_of_something_else_is_refused(
    cell: tuple[MetabolicNetwork, pd.DataFrame, pd.DataFrame], fitted: FluxPredictor, tmp_path: Path
) -> None:
    network, *_ = cell
    folder = tmp_path / "model"
    fitted.save(folder)
    with pytest.raises(FolderError, match="with other reactions, bounds or objective than"):
        FluxPredictor.load(folder, network=network.knock_out(reactions=["PFK"]))
    config = folder / "config.json"
    document = json.loads(config.read_text())
    for change, message in (
        ({"exchanges": ["PGI"]}, "is damaged .TableError: column 'PGI' is a reaction of e_coli_core but no exchange"),
        ({"inputs": "oracle"}, "is damaged .*'oracle' is no kind of input"),
        ({"config": {"hidden_channels": 8, "num_layers": 3}}, "the saved weights do not fit their settings"),
        ({"config": {"width": 8}}, "is damaged .ValueError: MediumGNNConfig has no setting .width."),
        ({"format": 1}, "has format 1; this version reads format 3: train again"),
    ):
        config.write_text(json.dumps(document | change))
        with pytest.raises(FolderError, match=message):
            FluxPredictor.load(folder)
    with pytest.raises(FolderError, match="is no saved predictor"):
        FluxPredictor.load(tmp_path)
    with pytest.raises(InputError, match="was not fitted"):
        FluxPredictor(network, "present").save(tmp_path / "empty")
    assert not (tmp_path / "empty").exists()


def test_bad_input_is_named(cell: tuple[MetabolicNetwork, pd.DataFrame, pd.DataFrame]) -> None:
    network, media, growth = cell
    predictor = FluxPredictor(network, "present", training=SHORT)
    with pytest.raises(InputError, match="was not fitted; call `fit` first"):
        predictor.predict(media)
    with pytest.raises(TableError, match=r"column 'EX_ac_e', row 0: 0\.5; expected 1 where the medium holds it"):
        predictor.fit(media.assign(EX_ac_e=0.5), growth)
    with pytest.raises(TableError, match="0 rows with a growth rate; expected at least 5"):
        predictor.fit(media, pd.DataFrame({"PGI": 1.0}, media.index))
    with pytest.raises(TableError, match="4 rows with a growth rate; expected at least 5"):
        predictor.fit(media[:4], growth[:4])
    with pytest.raises(TableError, match="same index"):
        predictor.fit(media, growth.reset_index(drop=True))
    with pytest.raises(TableError, match="EX_glucose"):
        predictor.fit(media.rename(columns={"EX_glc__D_e": "EX_glucose"}), growth)
    with pytest.raises(NetworkError):
        predictor.fit(media, growth.rename(columns={network.growth_reaction: "Grow rate"}))
    with pytest.raises(TableError, match="has no rows"):
        predictor.fit(media[:0], growth[:0])
    with pytest.raises(TableError, match="has no observed value"):
        predictor.fit(media, growth * np.nan)
    for wrong in (np.nan, -1.0, np.inf):
        with pytest.raises(TableError, match=f"column 'EX_ac_e', row 0: {wrong:g}; expected 1 where"):
            predictor.fit(media.assign(EX_ac_e=wrong), growth)
    with pytest.raises(TableError, match="`inputs` hold nothing: every value of every row with a growth rate is 0"):
        predictor.fit(media * 0, growth)
    closed = network.with_medium({"EX_o2_e": 10.0})
    with pytest.raises(TableError, match="grows on none of them, with uptakes of 10 mmol/gDW/h of all that they hold"):
        FluxPredictor(closed, "present", training=SHORT).fit(media, growth)
    with pytest.raises(TableError, match="`targets` has no column that varies"):
        FluxPredictor(network, "present", training=dataclasses.replace(SHORT, epochs=1)).fit(media, growth).score(
            media[:2], growth[:2] * 0
        )


def test_true_and_false_are_what_a_medium_holds_and_what_not(core: MetabolicNetwork) -> None:
    media = pd.DataFrame({"sample": ["a", "b"], "EX_ac_e [mmol/gDW/h]": [True, False], "EX_glc__D_e": [1, 0]})
    found = Present().read(core, media)
    numbers = Present().read(core, pd.DataFrame({"EX_ac_e": [1, 0], "EX_glc__D_e": [1, 0]}))
    assert torch.equal(found.lower, numbers.lower)
    with pytest.raises(TableError, match="'True' is no number"):
        MaxUptake().read(core, media)
