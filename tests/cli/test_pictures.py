from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from metagnn.cli import main
from metagnn.fba import simulate_fluxes
from metagnn.network import MetabolicNetwork
from metagnn.training.metrics import MEAN_R2

pytest.importorskip("matplotlib")

MEDIA = pd.DataFrame({"EX_glc__D_e": np.linspace(4, 10, 6), "EX_o2_e": np.linspace(20, 10, 6)})


@pytest.fixture(scope="module")
def folder(core: MetabolicNetwork, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Media, labels, a model of one epoch and the picture of its training."""
    folder = tmp_path_factory.mktemp("pictures")
    MEDIA.to_csv(folder / "media.csv", index=False)
    simulate_fluxes(core, MEDIA, method="fba").fluxes.to_csv(folder / "labels.csv", index=False)
    files = ["--inputs", str(folder / "media.csv"), "--targets", str(folder / "labels.csv")]
    pictured = ["--out", str(folder / "model"), "--plot", str(folder / "training.png")]
    assert main(["train", "e_coli_core", *files, "--epochs", "1", "--steps", "2", *pictured]) == 0
    return folder


@pytest.fixture
def predict(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    def call(*options: str) -> tuple[int, str, str]:
        files = ["--inputs", str(folder / "media.csv"), "--out", str(tmp_path / "fluxes.csv")]
        capsys.readouterr()
        code = main(["predict", str(folder / "model"), *files, *options])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


def test_training_is_drawn(folder: Path):
    assert (folder / "training.png").read_bytes().startswith(b"\x89PNG")


def test_predictions_are_scored_and_drawn_against_targets(predict, folder: Path, tmp_path: Path):
    targets = str(folder / "labels.csv")
    code, out, err = predict("--targets", targets, "--plot", str(tmp_path / "parity.svg"))
    assert (code, err) == (0, "")
    assert f"{MEAN_R2}: " in out
    assert (tmp_path / "parity.svg").read_bytes().startswith(b"<?xml")


def test_a_picture_without_targets_is_refused(predict, tmp_path: Path):
    code, _, err = predict("--plot", str(tmp_path / "parity.svg"))
    assert code == 2
    assert "expected `--targets FILE` as well" in err


def test_a_picture_that_cannot_be_written_is_refused_before_the_work(predict, folder: Path, tmp_path: Path):
    targets = ["--targets", str(folder / "labels.csv")]
    assert "unknown ending" in predict(*targets, "--plot", str(tmp_path / "parity.doc"))[2]
    (tmp_path / "mine.png").write_text("mine")
    code, _, err = predict(*targets, "--plot", str(tmp_path / "mine.png"))
    assert code == 2
    assert "use --force" in err
    assert not (tmp_path / "fluxes.csv").exists()


def test_targets_of_other_rows_are_refused_before_anything_is_written(predict, tmp_path: Path):
    pd.DataFrame({"PFK": [1.0, 2.0]}).to_csv(tmp_path / "targets.csv", index=False)
    code, _, err = predict("--targets", str(tmp_path / "targets.csv"))
    assert code == 2
    assert "other rows" in err
    assert not (tmp_path / "fluxes.csv").exists()


def simulate(folder: Path, tmp_path: Path, *options: str) -> int:
    files = ["--media", str(folder / "media.csv"), "--out", str(tmp_path / "labels.csv"), "--method", "fba"]
    return main(["simulate", "e_coli_core", *files, *options])


def test_simulated_media_are_drawn(folder: Path, tmp_path: Path):
    assert simulate(folder, tmp_path, "--plot", str(tmp_path / "fluxes.svg")) == 0
    assert (tmp_path / "fluxes.svg").read_bytes().startswith(b"<?xml")
    assert (tmp_path / "labels.csv").exists()


def test_a_picture_of_simulated_media_is_refused_before_the_work(folder: Path, tmp_path: Path, capsys):
    (tmp_path / "mine.png").write_text("mine")
    assert simulate(folder, tmp_path, "--plot", str(tmp_path / "mine.png")) == 2
    assert "use --force" in capsys.readouterr().err
    assert not (tmp_path / "labels.csv").exists()
    assert simulate(folder, tmp_path, "--plot", str(tmp_path / "mine.png"), "--force") == 0
    assert (tmp_path / "mine.png").read_bytes().startswith(b"\x89PNG")
