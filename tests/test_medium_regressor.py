import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

import metagnn
from metagnn.errors import FolderError, InputError, TableError
from metagnn.estimates import media_estimate

SOURCES = ["EX_glc__D_e", "EX_fru_e", "EX_succ_e", "EX_ac_e"]
FURTHER = ["EX_gln__L_e", "EX_glu__L_e"]
CARBON = np.array([6.0, 6.0, 4.0, 2.0])


def cultures(samples=48, seed=0):
    rng = np.random.default_rng(seed)
    values = np.zeros((samples, 6))
    values[np.arange(samples), np.arange(samples) % 4] = rng.uniform(2.0, 20.0, samples)
    values[:, 4:] = rng.integers(0, 2, (samples, 2))
    media = pd.DataFrame(values, columns=[f"{name}:mM" for name in SOURCES + FURTHER])
    final = np.log1p(values[:, :4] @ CARBON) + 0.1 * values[:, 4] + 0.05 * rng.normal(size=samples)
    traits = pd.DataFrame({"final": final, "rate": 0.5 + 0.05 * rng.normal(size=samples)})
    return media, traits


@pytest.fixture(scope="module", autouse=True)
def small_forests():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(media_estimate, "TREES", 8)
        patch.setattr(media_estimate, "TREES_LEFT_OUT", 3)
        yield


@pytest.fixture(scope="module")
def fitted(core, small_forests):
    return metagnn.MediumRegressor(core).fit(*cultures())


def test_learns_what_carbon_tells_and_keeps_index_and_names(fitted):
    media, traits = cultures(seed=1)
    media.index = traits.index = [f"well {row}" for row in range(len(media))]
    found = fitted.predict(media)
    assert list(found.index) == list(media.index)
    assert list(found.columns) == ["final", "rate"]
    assert 1.0 - ((traits["final"] - found["final"]) ** 2).mean() / traits["final"].var() > 0.9


def test_predictions_depend_on_the_medium_alone(fitted):
    media, _ = cultures(seed=1)
    found = fitted.predict(media)
    columns = list(media.columns)[::-1]
    turned = fitted.predict(media.iloc[::-1][columns])
    pd.testing.assert_frame_equal(turned.iloc[::-1], found, rtol=1e-9)
    pd.testing.assert_frame_equal(fitted.predict(media.iloc[[5]]), found.iloc[[5]], rtol=1e-9)


def test_order_of_training_rows_changes_no_choice_by_group(core):
    media, traits = cultures(32)
    one = metagnn.MediumRegressor(core).fit(media, traits)
    order = np.random.default_rng(0).permutation(len(media))
    # Rows are aligned by index.
    two = metagnn.MediumRegressor(core).fit(media, traits.iloc[order])
    pd.testing.assert_frame_equal(one.predict(media), two.predict(media))


def test_saved_cloned_and_pickled_are_the_same(fitted, core, tmp_path):
    media, _ = cultures(seed=2)
    found, ends = fitted.predict(media), fitted.predict_interval(media)
    fitted.save(tmp_path / "saved")
    for other in (
        metagnn.MediumRegressor.load(tmp_path / "saved"),
        metagnn.MediumRegressor.load(tmp_path / "saved", core),
        pickle.loads(pickle.dumps(fitted)),
    ):
        pd.testing.assert_frame_equal(other.predict(media), found, check_exact=True)
        for end, own in zip(other.predict_interval(media), ends, strict=True):
            pd.testing.assert_frame_equal(end, own, check_exact=True)
        pd.testing.assert_frame_equal(other.scores_, fitted.scores_)
    with pytest.raises(InputError, match="not fitted"):
        clone(fitted).predict(media)
    with pytest.raises(FolderError, match="with the network of the fit"):
        metagnn.MediumRegressor.load(tmp_path / "saved", core.knock_out(reactions=["PGI"]))


def test_a_damaged_file_is_refused(fitted, tmp_path):
    fitted.save(tmp_path)
    path = next(tmp_path.iterdir())
    content = bytearray(path.read_bytes())
    content[-9] ^= 1
    path.write_bytes(content)
    with pytest.raises(FolderError, match="damaged"):
        metagnn.MediumRegressor.load(tmp_path)
    with pytest.raises(FolderError, match="missing"):
        metagnn.MediumRegressor.load(tmp_path / "nowhere")


def test_intervals_hold_about_as_often_as_asked_and_are_nested(fitted):
    media, traits = cultures(160, seed=3)
    inner, outer = fitted.predict_interval(media, 0.5), fitted.predict_interval(media, 0.9)
    covered = ((outer[0] <= traits) & (traits <= outer[1])).mean()
    assert (covered > 0.8).all()
    assert (inner[0] >= outer[0]).all(axis=None)
    assert (inner[1] <= outer[1]).all(axis=None)


def test_a_new_substrate_is_named_and_has_a_wider_interval(fitted):
    media = pd.DataFrame(
        {"EX_glc__D_e": [0.0, 10.0, 10.0], "EX_lac__D_e": [10.0, 0.0, 0.0], "EX_gln__L_e": [0, 0, 1.0]}
    )
    found = fitted.diagnose(media)
    assert found["status"].tolist() == ["new substrate", "seen", "seen"]
    assert found["main_source"].tolist() == ["EX_lac__D_e", "EX_glc__D_e", "EX_glc__D_e"]
    low, high = fitted.predict_interval(media)
    width = high["final"] - low["final"]
    assert width[0] > width[1]
    both = pd.DataFrame({"EX_glc__D_e": [10.0], "EX_fru_e": [1.0]})
    assert fitted.diagnose(both)["status"].tolist() == ["interpolated"]


def test_presence_features_weights_and_groups(core):
    media, traits = cultures(24)
    present = media.gt(0).rename(columns=lambda name: name.removesuffix(":mM"))
    # One without a weight does not count, whatever it holds.
    weight, wrong = np.ones(24), traits.copy()
    weight[3], wrong.loc[3] = 0.0, 1e3
    features = pd.DataFrame({"ph": np.linspace(6.5, 7.5, 24)})
    model = metagnn.MediumRegressor(core, inputs="present")
    groups = np.arange(24) % 4
    model.fit(present, wrong, features=features, groups=groups, sample_weight=weight)
    assert (model.predict(present, features).loc[3] < 20.0).all()
    with pytest.raises(InputError, match="`features` is missing"):
        model.predict(present)


@pytest.mark.parametrize(
    ("change", "kind", "says"),
    [
        (lambda m, t: (m.assign(**{"EX_glc__D_e:mM": -1.0}), t), TableError, "concentration ≥ 0"),
        (lambda m, t: (m.assign(EX_nothing_e=1.0), t), TableError, "EX_nothing_e"),
        (lambda m, t: (m, t.iloc[:-1]), InputError, "same rows"),
        (lambda m, t: (m, t.assign(empty=np.nan)), TableError, "'empty': 0 numbers"),
        (lambda m, t: (m, t.assign(rate=np.inf)), TableError, "infinity"),
        (lambda m, t: (m.iloc[:0], t.iloc[:0]), TableError, "no rows"),
    ],
)
def test_bad_tables_are_named(core, change, kind, says):
    with pytest.raises(kind, match=says):
        metagnn.MediumRegressor(core).fit(*change(*cultures(12)))


def test_bad_choices_and_too_few_rows_for_an_interval_are_named(core, fitted):
    with pytest.raises(InputError, match="present"):
        metagnn.MediumRegressor(core, inputs="presnt")
    with pytest.raises(InputError, match="`level`"):
        fitted.predict_interval(cultures()[0], level=1.5)
    media, traits = cultures(6)
    few = metagnn.MediumRegressor(core).fit(media, traits)
    with pytest.raises(InputError, match="expected at least 9"):
        few.predict_interval(media)
    with pytest.raises(InputError, match="`sample_weight` has shape"):
        few.fit(media, traits, sample_weight=np.ones(8))
    with pytest.raises(TableError, match="`features`, column 'ph', row 2"):
        few.fit(media, traits, features=pd.DataFrame({"ph": [7.0, 7.0, np.nan, 7.0, 7.0, 7.0]}))


@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_a_group_of_one_row_and_a_trait_of_one_group_are_predicted(core):
    media, traits = cultures(17)
    traits.loc[np.arange(17) % 4 != 0, "rate"] = np.nan
    groups = np.where(np.arange(17) == 16, "alone", np.array(SOURCES)[np.arange(17) % 4])
    model = metagnn.MediumRegressor(core).fit(media, traits, groups=groups)
    new = pd.DataFrame({"EX_lac__D_e": [10.0]})
    assert np.isfinite(model.predict(media)).all(axis=None)
    assert np.isfinite(model.predict(new)).all(axis=None)
    with pytest.raises(InputError, match="observed rows cannot calibrate"):
        model.predict_interval(new)
