"""What `fit` and `score` take as targets, and in what order."""

import warnings

import numpy as np
import pandas as pd
import pytest

from metagnn.datasets import uniform_media
from metagnn.errors import NetworkError, TableError
from metagnn.fba import simulate_fluxes
from metagnn.models import FluxGNNConfig
from metagnn.network import MetabolicNetwork
from metagnn.predictor import FluxPredictor
from metagnn.training import TrainingConfig
from tests.toy_samples import toy as toy

Table = pd.DataFrame


@pytest.fixture(scope="module")
def media() -> Table:
    table = uniform_media({"EX_a": (1, 10), "EX_o": (0, 10)}, 12)
    return table.set_index(pd.Index([f"flask {row}" for row in range(12)]))


@pytest.fixture(scope="module")
def labels(toy: MetabolicNetwork, media: Table) -> Table:
    return simulate_fluxes(toy, media).fluxes


@pytest.fixture
def predictor(toy: MetabolicNetwork) -> FluxPredictor:
    config = FluxGNNConfig(hidden_channels=4, num_layers=1, steps=4)
    return FluxPredictor(toy, config=config, training=TrainingConfig(epochs=2, batch_size=5))


@pytest.mark.parametrize("name", [None, "growth", "respire"])
def test_a_series_is_a_table_of_one_column(predictor: FluxPredictor, media: Table, labels: Table, name: str | None):
    column = labels["growth" if name is None else name]
    expected = predictor.fit(media, column.to_frame()).predict(media)
    given = column.rename(name)
    pd.testing.assert_frame_equal(predictor.fit(media, given).predict(media), expected, check_exact=True)
    assert predictor.score(media, given) == predictor.score(media, column.to_frame())


def test_a_series_of_another_name_is_refused(predictor: FluxPredictor, media: Table, labels: Table):
    with pytest.raises(NetworkError, match="'respirate' is no reaction of toy; did you mean 'respire'"):
        predictor.fit(media, labels["growth"].rename("respirate"))


@pytest.mark.parametrize("as_series", [False, True])
def test_shuffled_targets_are_aligned_and_this_is_said(
    predictor: FluxPredictor, media: Table, labels: Table, as_series: bool
):
    targets = labels["growth"] if as_series else labels
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        expected = predictor.fit(media, targets).predict(media)
        score = predictor.score(media, targets)
    shuffled = targets.sample(frac=1, random_state=0)
    assert not shuffled.index.equals(targets.index)
    said = "`targets` has the rows of `inputs` in another order; they were aligned by their labels"
    with pytest.warns(UserWarning, match=said):
        predictor.fit(media, shuffled)
    pd.testing.assert_frame_equal(predictor.predict(media), expected, check_exact=True)
    with pytest.warns(UserWarning, match=said):
        assert predictor.score(media, shuffled) == score


def test_shuffled_weights_are_aligned(predictor: FluxPredictor, media: Table, labels: Table):
    weight = pd.Series(np.linspace(1, 2, 12), index=media.index)
    expected = predictor.fit(media, labels, sample_weight=weight).predict(media)
    with pytest.warns(UserWarning, match="`sample_weight` has the rows of `inputs` in another order"):
        predictor.fit(media, labels, sample_weight=weight[::-1])
    pd.testing.assert_frame_equal(predictor.predict(media), expected, check_exact=True)
    plain = predictor.fit(media, labels).predict(media)
    assert not np.allclose(plain, expected, rtol=0, atol=1e-6)


def test_other_labels_are_refused_by_name(predictor: FluxPredictor, media: Table, labels: Table):
    renamed = labels.rename(index={"flask 3": "flask x", "flask 7": "flask y"})
    message = r"`targets` has other rows than `inputs` \(12 and 12\), and lacks 'flask 3', 'flask 7'; expected the same"
    with pytest.raises(TableError, match=message):
        predictor.fit(media, renamed)
    with pytest.raises(TableError, match=r"\(11 and 12\), and lacks 'flask 0'"):
        predictor.fit(media, labels[1:])
    with pytest.raises(TableError, match=r"\(12 and 11\); expected the same index"):
        predictor.fit(media[1:], labels)
    # Labels that are not unique say nothing of an order.
    twice = media.set_axis(["a"] * 12)
    with pytest.raises(TableError, match="other rows"):
        predictor.fit(twice, labels)


@pytest.mark.parametrize("wrong", [0.0, -1.0, np.inf])
def test_standard_deviations_that_cannot_be_used_are_refused(predictor, media: Table, labels: Table, wrong: float):
    targets = labels[["growth"]].assign(growth_std=[wrong] + [0.1] * 11)
    with pytest.raises(TableError, match="column 'growth_std' holds a value that is not positive and finite"):
        predictor.fit(media, targets)
    with pytest.raises(TableError, match="column 'respire_std' holds standard deviations; expected one beside"):
        predictor.fit(media, labels[["growth"]].assign(respire_std=0.1))


def test_equal_standard_deviations_say_nothing(predictor: FluxPredictor, media: Table, labels: Table):
    expected = predictor.fit(media, labels[["growth", "respire"]]).predict(media)
    told = labels[["growth", "respire"]].assign(growth_std=0.02, respire_std=3.0)
    assert np.allclose(predictor.fit(media, told).predict(media), expected, rtol=0, atol=1e-5)
