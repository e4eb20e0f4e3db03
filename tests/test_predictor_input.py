import numpy as np
import pandas as pd
import pytest

from metagnn.datasets import uniform_media
from metagnn.errors import InputError, NetworkError, TableError
from metagnn.fba import simulate_fluxes
from metagnn.models import FluxGNNConfig
from metagnn.network import MetabolicNetwork
from metagnn.predictor import FluxPredictor
from metagnn.testing import toy_network
from metagnn.training import TrainingConfig

NAN = float("nan")

Table = pd.DataFrame


def predictor(network: MetabolicNetwork) -> FluxPredictor:
    return FluxPredictor(network, config=FluxGNNConfig(4, 1, 4), training=TrainingConfig(epochs=1))


@pytest.fixture(scope="module")
def media() -> Table:
    return uniform_media({"EX_glc__D_e": (3, 10), "EX_o2_e": (5, 20)}, 16)


@pytest.fixture(scope="module")
def labels(core: MetabolicNetwork, media: Table) -> Table:
    return simulate_fluxes(core, media).fluxes


@pytest.fixture(scope="module")
def fitted(core: MetabolicNetwork, media: Table, labels: Table) -> FluxPredictor:
    return predictor(core).fit(media, labels)


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({"inputs": "uptake"}, "`inputs`: 'uptake' is no kind of input; did you mean 'max_uptake'"),
        ({"constraint": "polytop"}, "`constraint`: 'polytop' is no constraint; did you mean 'polytope'"),
        ({"constraint": "hard"}, "`constraint`: 'hard' is no constraint"),
        ({"composition": "elementary"}, "`composition`: 'elementary' is no composition; did you mean 'elemental'"),
    ],
)
def test_choices_that_are_unknown_are_refused_at_once(core: MetabolicNetwork, choices, message):
    with pytest.raises(InputError, match=message):
        FluxPredictor(core, **choices)


def test_networks_without_exchanges_or_growth_are_refused_at_once():
    with pytest.raises(NetworkError, match="toy has no exchange reactions"):
        FluxPredictor(toy_network({"in": "-> a", "growth": "a ->"}, "growth"))
    with pytest.raises(NetworkError, match="toy has no objective"):
        FluxPredictor(toy_network({"EX_a": "a <=>", "r": "a ->"}))


def test_what_needs_a_fit_says_so(core: MetabolicNetwork, media: Table, labels: Table, tmp_path):
    model = predictor(core)
    for call in (
        lambda: model.predict(media),
        lambda: model.diagnose(media),
        lambda: model.score(media, labels),
        lambda: model.save(tmp_path / "model"),
        lambda: model.model,
    ):
        with pytest.raises(InputError, match="the predictor was not fitted; call `fit` first"):
            call()
    assert not (tmp_path / "model").exists()
    assert model.composition_.alpha > 0


def bad_media(media: Table) -> list[tuple[Table, str]]:
    return [
        (media.assign(EX_glc_e=1.0), "'EX_glc_e' is no exchange of e_coli_core; did you mean 'EX_glc__D_e'"),
        (media.assign(PGI=1.0), "column 'PGI' is a reaction of e_coli_core but no exchange"),
        (pd.concat([media, media[["EX_o2_e"]]], axis=1), "column 'EX_o2_e' appears more than once"),
        (media.assign(EX_o2_e=-1.0), "uptake of 'EX_o2_e' in row 0 is negative"),
        (media.assign(EX_o2_e=[5.0] * 15 + [NAN]), "uptake of 'EX_o2_e' in row 15 is NaN"),
        (media.assign(EX_o2_e=np.inf), "uptake of 'EX_o2_e' in row 0 is infinite"),
        (media.assign(EX_o2_e=["a lot"] * 16), "column 'EX_o2_e', row 0: 'a lot' is no number"),
        (media[:0], "`inputs` has no rows"),
        (media[[]], "`inputs` has no columns"),
    ]


@pytest.mark.parametrize("case", range(9))
def test_media_that_cannot_be_used_are_refused_by_fit_and_predict(core, fitted, media, labels, case):
    table, message = bad_media(media)[case]
    for call in (
        lambda: predictor(core).fit(table, labels),
        lambda: fitted.predict(table),
        lambda: fitted.diagnose(table),
    ):
        with pytest.raises(TableError, match=message):
            call()


def test_predict_needs_the_columns_of_the_fit(fitted, media: Table):
    with pytest.raises(TableError, match="`inputs` lacks 'EX_o2_e'; expected the columns of the fit"):
        fitted.predict(media[["EX_glc__D_e"]])
    with pytest.raises(TableError, match="`inputs` adds 'EX_ac_e'"):
        fitted.predict(media.assign(EX_ac_e=1.0))


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (lambda t: t * NAN, TableError, "`targets` has no observed value"),
        (lambda t: t.set_axis([f"flask {row}" for row in range(16)]), TableError, "expected the same index"),
        (lambda t: t[:-1], TableError, r"`targets` has other rows than `inputs` \(15 and 16\)"),
        (lambda t: t.assign(PGJ=1.0), NetworkError, "'PGJ' is no reaction of e_coli_core"),
        (lambda t: t.assign(PGI="fast"), TableError, "column 'PGI', row 0: 'fast' is no number"),
        (lambda t: t.assign(PGI=-np.inf), TableError, "`targets` holds an infinite value"),
        (lambda t: pd.concat([t, t[["PGI"]]], axis=1), TableError, "`targets` names 'PGI' more than once"),
    ],
)
def test_targets_that_cannot_be_used_are_refused_by_fit_and_score(core, fitted, media, labels, change, error, message):
    targets = change(labels)
    for call in (lambda: predictor(core).fit(media, targets), lambda: fitted.score(media, targets)):
        with pytest.raises(error, match=message):
            call()


@pytest.mark.filterwarnings("ignore:.*rows are left out")
def test_fewer_samples_than_a_spread_needs_are_refused(core: MetabolicNetwork, media: Table, labels: Table):
    with pytest.raises(TableError, match=r"4 of 4 rows can be used .* expected at least 5"):
        predictor(core).fit(media[:4], labels[:4])
    hidden = labels.copy()
    hidden[4:] = NAN
    with pytest.raises(TableError, match="4 of 16 rows can be used"):
        predictor(core).fit(media, hidden)
    assert predictor(core).fit(media[:5], labels[:5]).predict(media).notna().all(axis=None)
