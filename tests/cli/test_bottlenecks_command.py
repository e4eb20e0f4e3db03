from pathlib import Path

import pandas as pd
import pytest

from metagnn.cli import main

MEDIA = pd.DataFrame({"sample": ["a", "b"], "EX_glc__D_e": [10.0, 5.0], "EX_o2_e": [15.0, 40.0]})


def test_limits_are_written_and_ranked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    MEDIA.to_csv("media.csv", index=False)
    command = ["bottlenecks", "e_coli_core", "--media", "media.csv", "--out", "limits.csv"]
    assert main(command) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("limits of growth on 2 media")
    first = next(line for line in lines if "EX_" in line)
    assert "EX_glc__D_e" in first
    table = pd.read_csv("limits.csv")
    assert list(table.groupby("sample", sort=False)["reaction"].first()) == ["EX_glc__D_e"] * 2
    assert set(table["sample"]) == {"a", "b"}
    assert main(command) == 2
    assert "exists" in capsys.readouterr().err


def test_a_carbon_source_that_the_media_forget_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    MEDIA[["EX_o2_e"]].to_csv("media.csv", index=False)
    assert main(["bottlenecks", "e_coli_core", "--media", "media.csv", "--out", "limits.csv"]) == 0
    assert capsys.readouterr().out.startswith(
        "open carbon sources missing in the table: EX_glc__D_e (up to 10 mmol/gDW/h)"
    )


def test_the_gradient_of_a_model_stands_beside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    media = pd.DataFrame({"EX_glc__D_e": [10.0, 5.0, 6.0, 7.0, 8.0], "EX_o2_e": [15.0, 10.0, 20.0, 12.0, 18.0]})
    media.to_csv("media.csv", index=False)
    media.assign(growth=0.1 * media["EX_glc__D_e"])[["growth"]].rename(columns={"growth": "Biomass_Ecoli_core"}).to_csv(
        "targets.csv", index=False
    )
    train = [
        "train",
        "e_coli_core",
        "--inputs",
        "media.csv",
        "--targets",
        "targets.csv",
        "--epochs",
        "1",
        "--steps",
        "4",
    ]
    assert main([*train, "--out", "model"]) == 0
    capsys.readouterr()
    command = ["bottlenecks", "e_coli_core", "--media", "media.csv", "--predictor", "model", "--most", "3"]
    assert main([*command, "--out", "limits.csv"]) == 0
    assert "gradient of the model" in " ".join(capsys.readouterr().out.split())
    table = pd.read_csv("limits.csv")
    assert table["model_gradient"].notna().all()
    assert table.groupby("sample").size().max() <= 3
