from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from metagnn.cli import main
from metagnn.fba import simulate_fluxes
from metagnn.network import MetabolicNetwork
from metagnn.predictor import FluxPredictor

Run = Callable[..., tuple[int, str, str]]
INPUTS = ["--inputs", "media.csv", "--features", "features.csv"]
TRAIN = ["train", "e_coli_core", *INPUTS, "--targets", "targets.csv", "--epochs", "1", "--steps", "4"]


@pytest.fixture(scope="module")
def tables(core: MetabolicNetwork) -> dict[str, pd.DataFrame]:
    """Twelve cultures of three strains, which use less of their food the more acid they are."""
    media = pd.DataFrame({"EX_glc__D_e": np.linspace(4, 10, 12), "EX_o2_e": np.linspace(20, 12, 12)})
    acidity = np.tile([5.0, 6.0, 7.0, 8.0], 3)
    used = media.mul(0.4 + 0.06 * acidity, axis=0)
    fluxes = simulate_fluxes(core, used).fluxes[["PGI", "PFK", "CS", core.growth_reaction]]
    targets = fluxes * np.random.default_rng(0).normal(1.0, 0.02, fluxes.shape)
    features = pd.DataFrame({"sample": range(12), "pH": acidity, "strain": np.repeat(["x", "y", "z"], 4)})
    return {"media": media, "targets": targets, "features": features}


@pytest.fixture
def run(tables, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    monkeypatch.chdir(tmp_path)
    for name, table in tables.items():
        table.to_csv(f"{name}.csv", index=False)

    def call(*arguments: str) -> tuple[int, str, str]:
        try:
            code = main(arguments)
        except SystemExit as stop:
            code = int(stop.code or 0)
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


def test_features_groups_and_intervals_from_end_to_end(run: Run, tables) -> None:
    code, out, err = run(*TRAIN, "--groups", "strain", "--out", "model")
    assert code == 0, err
    assert "simple estimate" in out
    assert "shares: " in out
    model = FluxPredictor.load("model")
    # The strain is what is left out: it is no feature.
    assert model._fitted is not None
    assert model._fitted.names.features == ("pH",)
    assert len(np.unique(model._fitted.corrected.estimate.chosen.folds)) == 3
    pd.testing.assert_index_equal(model.errors_.columns, pd.Index(["training samples", "left out"]))
    media, features = tables["media"][:3], tables["features"][["sample", "pH"]][:3]
    media.to_csv("media.csv", index=False)
    features.to_csv("features.csv", index=False)
    code, _, err = run("predict", "model", *INPUTS, "--level", "0.8", "--out", "fluxes.csv")
    assert code == 0, err
    written = pd.read_csv("fluxes.csv")
    expected = model.predict(media, features[["pH"]])
    low, high = model.predict_interval(media, 0.8, features[["pH"]])
    for suffix, table in (("", expected), ("_low", low), ("_high", high)):
        names = [f"{name}{suffix}" for name in table.columns]
        np.testing.assert_allclose(written[names].to_numpy(), table.to_numpy(), rtol=1e-9, atol=1e-9)
    assert written.columns[1 + len(expected.columns)].endswith("_low")


def test_the_network_alone_prints_no_errors_of_an_estimate(run: Run) -> None:
    code, out, err = run(*TRAIN, "--estimate", "none", "--out", "model")
    assert code == 0, err
    assert "simple estimate" not in out
    assert FluxPredictor.load("model").estimate is None


def test_groups_may_be_a_column_of_the_inputs_or_targets_and_are_no_flux(run: Run, tables) -> None:
    strain = tables["features"]["strain"]
    for name in ("media", "targets"):
        tables[name].assign(source=strain).to_csv(f"{name}.csv", index=False)
        code, _, err = run(*TRAIN, "--groups", "source", "--estimate", "none", "--out", f"by {name}")
        assert code == 0, err
        tables[name].to_csv(f"{name}.csv", index=False)
        assert "source" not in FluxPredictor.load(f"by {name}").feature_names_in_


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([*TRAIN, "--groups", "strian", "--out", "o"], "`--groups`: 'strian' is no column of the tables; did you mean"),
        ([*TRAIN, "--estimate", "ridge", "--out", "o"], "invalid choice: 'ridge'"),
        (["predict", "o", *INPUTS, "--level", "90", "--out", "f.csv"], "'90' is no level; expected a number between 0"),
        ([*TRAIN[:4], "--features", "nowhere.csv", *TRAIN[6:], "--out", "o"], "nowhere.csv"),
    ],
)
def test_options_that_cannot_be_used_are_refused(run: Run, arguments: list[str], message: str) -> None:
    code, _, err = run(*arguments)
    assert code == 2
    assert message in err
    assert not Path("o").exists()


def test_features_that_do_not_fit_are_refused_and_leave_nothing(run: Run, tables) -> None:
    tables["features"][:5].to_csv("features.csv", index=False)
    code, _, err = run(*TRAIN, "--out", "o")
    assert code == 2
    assert "features" in err
    gap = tables["features"].copy()
    gap.loc[3, "pH"] = np.nan
    gap.to_csv("features.csv", index=False)
    code, _, err = run(*TRAIN, "--out", "o")
    assert code == 2
    assert "`features`, column 'pH', row 3" in err
    assert not Path("o").exists()
