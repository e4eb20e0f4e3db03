import dataclasses

import numpy as np
import pandas as pd
import pytest
import torch

from metagnn.datasets import uniform_media
from metagnn.fba import simulate_fluxes
from metagnn.guarded_training import ROWS, GuardedTraining, TrainingRun
from metagnn.inputs.names import InputNames
from metagnn.network import MetabolicNetwork
from metagnn.predictor import FluxPredictor
from metagnn.predictor_setup import PredictorSetup, SampleTables
from metagnn.testing import assert_balanced
from metagnn.training import Checkpoints, TrainingConfig
from tests.measured_cells import MEASURED, Table, cell, small, wasteful


@pytest.fixture(scope="module")
def network() -> MetabolicNetwork:
    return cell()


def guarded(setup: PredictorSetup, media: Table, measured: Table, groups: object = None) -> GuardedTraining:
    samples = setup.read_samples(SampleTables(media, measured, groups=groups))
    return GuardedTraining(
        setup, samples, InputNames(samples.conditions.exchanges, tuple(media.columns)), TrainingRun()
    )


def test_labels_of_flux_balance_analysis_end_at_the_graph_network_alone(network, tmp_path):
    media = uniform_media({"EX_a": (1, 10), "EX_o": (0, 10)}, 16)
    labels = simulate_fluxes(network, media).fluxes
    auto, alone = (small(network, estimate=estimate).fit(media, labels) for estimate in ("auto", None))
    assert auto.estimate_.to_dict() == {"graph network": 1.0}
    assert auto.errors_.empty
    pd.testing.assert_frame_equal(auto.predict(media), alone.predict(media), check_exact=True)
    for model, name in ((auto, "auto"), (alone, "alone")):
        model.save(tmp_path / name)
    for name in ("weights.safetensors", "estimate.safetensors", "history.csv", "network.json"):
        assert (tmp_path / "auto" / name).read_bytes() == (tmp_path / "alone" / name).read_bytes(), name
    # Growth alone is told from a measurement too.
    grown = small(network).fit(media, labels[["growth"]])
    assert grown.errors_.empty
    noisy = labels * np.random.default_rng(0).normal(1.0, 0.05, labels.shape)
    assert not small(network).fit(media, noisy).errors_.empty


@pytest.mark.parametrize(("seed", "grouped"), [(0, False), (1, True)])
def test_a_prediction_never_ends_above_the_simple_estimate(network, seed, grouped):
    media, _, measured = wasteful(18, seed=seed, noise=0.1)
    groups = np.repeat(list("uvwxyz"), 3) if grouped else None
    model = small(network).fit(media, measured, groups=groups)
    errors = model.errors_
    assert list(errors.index) == list(ROWS)
    assert errors.loc["prediction", "left out"] <= errors.loc["simple estimate", "left out"]
    # An untrained network is of no use beside it, and is not tried on samples left out.
    assert model.estimate_["graph network, mean over the fluxes"] == 0.0
    assert np.isnan(errors.loc["graph network", "left out"])


def test_groups_are_left_out_whole(network):
    media, _, measured = wasteful(18)
    groups = np.repeat(list("uvwxyz"), 3)
    found = guarded(small(network)._setup(), media, measured, groups).train()
    folds = found.corrected.estimate.chosen.folds
    assert len(np.unique(folds)) == 6
    assert all(len(np.unique(folds[groups == name])) == 1 for name in "uvwxyz")
    # Groups that differ are harder to foresee than rows of the same group.
    shares = np.repeat([0.2, 0.3, 0.45, 0.6, 0.7, 0.8], 3)
    media, _, measured = wasteful(18, share=shares)
    by_group = small(network).fit(media, measured, groups=groups)
    low, high = by_group.predict_interval(media, 0.8)
    assert ((measured >= low[MEASURED]) & (measured <= high[MEASURED])).to_numpy().mean() >= 0.8
    assert by_group._fitted.calibration.groups is not None


def test_the_same_seed_gives_the_same_result_and_so_does_a_run_that_is_resumed(network, tmp_path):
    media, _, measured = wasteful(10)
    expected = small(network, seed=4).fit(media, measured)
    checkpoints = Checkpoints(tmp_path, resume=True, every=1)
    for _ in range(2):
        again = small(network, seed=4).fit(media, measured, checkpoints=checkpoints)
        pd.testing.assert_frame_equal(again.predict(media), expected.predict(media), check_exact=True)
        pd.testing.assert_frame_equal(again.errors_, expected.errors_, check_exact=True)
    for left, right in zip(again.predict_interval(media), expected.predict_interval(media), strict=True):
        pd.testing.assert_frame_equal(left, right, check_exact=True)


def test_rows_that_do_not_count_change_nothing(network):
    media, _, measured = wasteful(9)
    wrong = measured.copy()
    wrong.iloc[0] *= 3.0
    weight = np.array([0.0] + [1.0] * 8)
    unweighted, weighted = (
        small(network).fit(media, table, sample_weight=counted) for table, counted in ((wrong, None), (wrong, weight))
    )
    assert weighted.predict(media[1:])["growth"].sub(measured["growth"][1:]).abs().max() < 0.3
    assert not np.allclose(unweighted.predict(media), weighted.predict(media), atol=1e-3)


def test_parts_of_a_run_keep_their_state_apart(tmp_path):
    run = TrainingRun(Checkpoints(tmp_path))
    part = run.part("fold-1")
    assert part.checkpoints is not None
    assert part.checkpoints.folder == tmp_path / "fold-1"
    assert (tmp_path / "fold-1").is_dir()
    assert TrainingRun().part("x").checkpoints is None
    assert dataclasses.replace(run, progress=False).part("y").progress is False


def test_a_network_that_helps_takes_part(network, tmp_path):
    # Cells at the optimum, measured with noise: few rows tell a yield badly, and the graph network knows the optimum.
    media = uniform_media({"EX_a": (1, 10), "EX_o": (0, 10)}, 8)
    labels = simulate_fluxes(network, media).fluxes[["growth", "respire", "ferment", "EX_o"]]
    noisy = labels * np.random.default_rng(0).normal(1.0, 0.1, labels.shape)
    training = TrainingConfig(epochs=15, batch_size=8, learning_rate=0.01)
    model = small(network, training=training).fit(media, noisy)
    errors, share = model.errors_, model.estimate_["graph network, mean over the fluxes"]
    assert 0.1 < share <= 1.0
    assert errors.loc["prediction", "left out"] < 0.98 * errors.loc["simple estimate", "left out"]
    assert np.isfinite(errors.to_numpy()).all()
    assert_balanced(network, torch.from_numpy(model.predict(media).to_numpy()))
    low, high = model.predict_interval(media, 0.8)
    assert (low <= model.predict(media)).all(axis=None)
    assert (model.predict(media) <= high).all(axis=None)
    model.save(tmp_path)
    loaded = FluxPredictor.load(tmp_path)
    pd.testing.assert_frame_equal(loaded.predict(media), model.predict(media), check_exact=True)
    for one, other in zip(loaded.predict_interval(media, 0.8), (low, high), strict=True):
        pd.testing.assert_frame_equal(one, other, check_exact=True)
