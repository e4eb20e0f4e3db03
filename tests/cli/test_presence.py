from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from metagnn import FluxPredictor
from metagnn.cli import main
from metagnn.fba import simulate_fluxes
from metagnn.network import MetabolicNetwork
from metagnn.training.metrics import MEAN_R2

SUGARS = ["EX_glc__D_e", "EX_fru_e", "EX_succ_e"]
HIDDEN = np.array([4.0, 6.0, 8.0])
TRAIN = ["train", "e_coli_core", "--inputs", "media.csv", "--targets", "growth.csv", "--kind", "present"]


@pytest.fixture(scope="module")
def tables(core: MetabolicNetwork) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Every medium of some of three nutrients, and growth with uptakes that the tables do not tell."""
    held = np.array([[(number >> bit) & 1 for bit in range(3)] for number in range(1, 8)])
    media = pd.DataFrame(held, columns=SUGARS)
    growth = simulate_fluxes(core, media * HIDDEN, "fba").growth
    media.insert(0, "sample", [f"well {number}" for number in range(7)])
    return media, growth.to_frame(core.growth_reaction)


@pytest.fixture
def run(
    tables: tuple[pd.DataFrame, pd.DataFrame],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Callable[..., tuple[int, str, str]]:
    """Run a command in a folder with `media.csv` and `growth.csv`; answers exit code, output, errors."""
    monkeypatch.chdir(tmp_path)
    for name, table in zip(("media", "growth"), tables, strict=True):
        table.to_csv(f"{name}.csv", index=False)

    def call(*arguments: str) -> tuple[int, str, str]:
        code = main(arguments)
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


def test_from_lists_of_what_is_present_to_growth(run: Callable, tables: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    code, out, err = run(*TRAIN, "--epochs", "60", "--out", "model")
    assert (code, err) == (0, "")
    assert "trained 60 epochs → model" in out
    assert f"{MEAN_R2}, training samples" in out
    assert not Path("model/unfinished").exists()
    (row,) = (line for line in out.splitlines() if "EX_succ_e" in line)
    # Held by four of the seven media.
    assert row.split("│")[2].strip() == "4"
    code, out, err = run("predict", "model", "--inputs", "media.csv", "--targets", "growth.csv", "--out", "fluxes.csv")
    assert (code, err) == (0, "")
    fluxes = pd.read_csv("fluxes.csv")
    assert fluxes.shape == (7, 97)
    assert fluxes["sample"].tolist() == tables[0]["sample"].tolist()
    assert set(fluxes["status"]) == {"ok"}
    # The folder is what the library saves, and the command says what the library says.
    predictor = FluxPredictor.load("model")
    expected = predictor.predict(tables[0])
    pd.testing.assert_frame_equal(fluxes[expected.columns], expected, atol=1e-9)
    assert f"{MEAN_R2}: {predictor.score(*tables):.4f}" in out
    assert predictor.score(*tables) > 0.5


def test_an_interrupted_training_goes_on_and_ends_where_it_would_have(run: Callable) -> None:
    few = [*TRAIN, "--epochs", "12"]
    assert run(*few, "--out", "whole")[0] == 0
    predictor = FluxPredictor.load("whole")
    state = Path("half/unfinished")
    with pytest.MonkeyPatch.context() as patch:

        def killed(*_: object) -> None:
            raise KeyboardInterrupt

        # The state is kept, the model is not saved: as after a kill at the end of the training.
        patch.setattr(FluxPredictor, "save", killed)
        assert run(*few, "--out", "half")[0] == 130
    assert state.is_dir()
    assert run(*few, "--out", "half")[0] == 2
    code, _, err = run(*few, "--seed", "1", "--resume", "--out", "half")
    assert code == 2
    assert "was begun with seed '0', not '1'; use --force to start anew" in err
    assert run(*few, "--resume", "--out", "half")[0] == 0
    media = pd.read_csv("media.csv")
    pd.testing.assert_frame_equal(FluxPredictor.load("half").uptakes(media), predictor.uptakes(media))


def test_what_is_there_is_not_replaced_without_force(run: Callable) -> None:
    few = [*TRAIN, "--epochs", "1", "--out", "model"]
    assert run(*few)[0] == 0
    code, _, err = run(*few)
    assert code == 2
    assert "'model' exists; use --force" in err
    assert run(*few, "--force")[0] == 0


@pytest.mark.parametrize(
    ("change", "options", "message"),
    [
        (lambda t: t.rename(columns={"EX_fru_e": "EX_fructose"}), [], "'EX_fructose'"),
        (lambda t: t.rename(columns={"EX_fru_e": "PGI"}), [], "'PGI' is"),
        (lambda t: t.assign(EX_fru_e=7.5), [], "column 'EX_fru_e', row 0: 7.5; expected 1 where the medium holds it"),
        (lambda t: t.assign(EX_fru_e=-1), [], "column 'EX_fru_e', row 0: -1; expected 1 where"),
        (lambda t: t.assign(EX_fru_e="yes"), [], "'yes' is no number"),
        (lambda t: t.assign(EX_fru_e=np.nan), [], "column 'EX_fru_e', row 0: nan; expected 1 where"),
        (lambda t: t.assign(**dict.fromkeys(SUGARS, 0)), [], "`inputs` hold nothing"),
        (lambda t: t[:0], [], "no rows"),
        (lambda t: t[:4], [], "`targets` has other rows than `inputs` (7 and 4)"),
        (lambda t: t, ["--constraint", "soft"], "`constraint` is 'soft'; with inputs of 'present' fluxes are those"),
        (
            lambda t: t,
            ["--composition", "elemental"],
            "`composition` is 'elemental'; with inputs of 'present'",
        ),
        (lambda t: t, ["--steps", "9"], "`--steps` does not apply to inputs of kind 'present'; leave it out"),
    ],
)
def test_bad_input_is_one_line_and_leaves_no_folder(
    run: Callable, tables: tuple[pd.DataFrame, pd.DataFrame], change: Callable, options: list[str], message: str
) -> None:
    change(tables[0]).to_csv("media.csv", index=False)
    code, _, err = run(*TRAIN, *options, "--out", "model")
    assert code == 2
    assert err.startswith("metagnn: error: ")
    assert err.count("\n") == 1
    assert message in err
    assert not Path("model").exists()


@pytest.mark.parametrize(
    ("growth", "message"),
    [
        (lambda g: g[:4].reindex(g.index), "`targets` has 4 rows with a growth rate; expected at least 5"),
        (lambda g: g * np.nan, "has no observed value"),
        (lambda g: g.set_axis(["PGI"], axis=1), "`targets` has 0 rows with a growth rate; expected at least 5"),
    ],
)
def test_growth_that_cannot_be_used_is_refused(
    run: Callable, tables: tuple[pd.DataFrame, pd.DataFrame], growth: Callable, message: str
) -> None:
    growth(tables[1]).to_csv("growth.csv", index=False)
    code, _, err = run(*TRAIN, "--out", "model")
    assert code == 2
    assert message in err
    assert not Path("model").exists()


def test_a_folder_is_used_for_what_it_is(run: Callable) -> None:
    assert run(*TRAIN, "--epochs", "1", "--out", "model")[0] == 0
    code, _, err = run("predict", "model", "--inputs", "media.csv", "--model", "iJO1366", "--out", "fluxes.csv")
    assert code == 2
    assert "with other reactions, bounds or objective" in err
    pd.read_csv("media.csv")[SUGARS].to_csv("limits.csv", index=False)
    command = ["bottlenecks", "e_coli_core", "--media", "limits.csv", "--predictor", "model", "--out", "limits_out.csv"]
    code, _, err = run(*command)
    # The medium that holds nothing.
    assert (code, err) == (0, "metagnn: warning: 1 of 7 media have no optimum and are left out\n")
    assert pd.read_csv("limits_out.csv")["model_gradient"].notna().any()
