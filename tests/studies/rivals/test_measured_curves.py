from functools import partial

import numpy as np
import pandas as pd
import pytest

from metagnn.network import MetabolicNetwork
from metagnn.studies.harness.measured_curves import MeasuredCurves
from metagnn.studies.rivals import measured_curves
from metagnn.studies.rivals.measured_curves import CURVE_RIVALS, conformal


@pytest.fixture(scope="module")
def samples(core: MetabolicNetwork) -> MeasuredCurves:
    """Curves whose height is linear in how many nutrients a medium holds."""
    rng = np.random.default_rng(0)
    media = pd.DataFrame(
        (rng.random((30, 4)) < 0.5) * 2.0, columns=["EX_glc__D_e", "EX_ac_e", "EX_glu__L_e", "EX_mal__L_e"]
    )
    height = (media > 0).sum(axis=1).to_numpy()
    curves = -2.0 + np.outer(height, np.linspace(0.0, 0.5, 6)) + rng.normal(0, 0.01, (30, 6))
    traits = pd.DataFrame({"final_log_od": curves[:, -1], "largest_rate": 0.1 * height, "lag": -1.0 * height})
    features = pd.DataFrame({"nutrients": height, "first": curves[:, 0]})
    groups = np.where(media["EX_glc__D_e"] > 0, "glucose", "none")
    blocks = np.array([False, True, True, True])
    return MeasuredCurves(core, media, features, curves, traits, groups, blocks)


@pytest.fixture(autouse=True)
def few_trees(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measured_curves, "TREES", 20)


@pytest.mark.parametrize("name", [name for name in CURVE_RIVALS if name not in ("mean", "last value", "5 nearest")])
def test_a_rival_finds_what_is_nearly_linear(name: str, samples: MeasuredCurves) -> None:
    train, test = samples.rows(np.arange(22)), samples.rows(np.arange(22, 30))
    answer = CURVE_RIVALS[name](train, 0)(test.unmeasured())
    assert answer.curves is not None
    assert answer.traits is not None
    assert np.abs(answer.curves - test.curves).max() < 0.35
    assert np.abs(answer.traits - test.traits.to_numpy()).max() < 1.0
    if answer.low is not None and answer.high is not None:
        assert (answer.low < answer.high).all()


def test_the_mean_and_the_last_value_are_what_they_say(samples: MeasuredCurves) -> None:
    train, test = samples.rows(np.arange(22)), samples.rows(np.arange(22, 30))
    mean = CURVE_RIVALS["mean"](train, 0)(test)
    assert mean.curves is not None
    assert mean.curves[3].tolist() == train.curves.mean(axis=0).tolist()
    assert CURVE_RIVALS["last value"](train, 0)(test).curves is None
    known = measured_curves.MeasuredCurves(**{**vars(test), "before": 4})
    carried = CURVE_RIVALS["last value"](train, 0)(known.unmeasured())
    assert carried.curves is not None
    assert (carried.curves == test.curves[:, [3]]).all()


def test_conformal_intervals_cover_new_media_of_the_same_kind(samples: MeasuredCurves) -> None:
    train, test = samples.rows(np.arange(20)), samples.rows(np.arange(20, 30))
    for by_group in (False, True):
        answer = partial(conformal, CURVE_RIVALS["ridge"], by_group)(train, 0)(test.unmeasured())
        assert answer.low is not None
        assert answer.high is not None
        inside = (answer.low <= test.curves[:, -1]) & (test.curves[:, -1] <= answer.high)
        assert inside.mean() >= 0.7
