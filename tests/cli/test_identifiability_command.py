import json
from pathlib import Path

import pandas as pd
import pytest

from metagnn.cli import main
from metagnn.network import MetabolicNetwork

HIDDEN = ("EX_co2_e", "EX_o2_e", "EX_h2o_e")
"""Without water: its hydrogen would tell that of biomass, and with it its carbon."""


def test_the_table_says_what_is_determined_and_what_to_measure(
    core: MetabolicNetwork, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    measured = ",".join([name for name in core.exchanges if name not in HIDDEN] + ["growth"])
    out = tmp_path / "table.csv"
    command = ["identifiability", "e_coli_core", "--measured", measured, "--composition", "elemental"]
    assert main([*command, "--out", str(out)]) == 0
    printed = capsys.readouterr().out
    assert "e_coli_core, 18 measured, composition elemental (18 rows that are measured" in printed
    assert "co2 can trade against alpha, EX_o2_e" in " ".join(printed.split())
    table = pd.read_csv(out)
    assert list(table.columns) == ["name", "status", "lower", "upper", "why"]
    assert len(table) == 24
    assert main([*command, "--out", str(out)]) == 2
    assert "exists; use --force" in capsys.readouterr().err


def test_absent_exchanges_and_all_fluxes(capsys: pytest.CaptureFixture[str]) -> None:
    present = "EX_co2_e, EX_h2o_e, EX_h_e, EX_nh4_e, EX_pi_e"
    command = ["identifiability", "e_coli_core", "--measured", "EX_glc__D_e,EX_o2_e,growth", "--present", present]
    assert main([*command, "--all"]) == 0
    printed = capsys.readouterr().out
    assert "PGI" in printed
    assert "∞" in printed


def test_an_unknown_name_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["identifiability", "e_coli_core", "--measured", "EX_glc_e"]) == 2
    assert "did you mean 'EX_glc__D_e'" in capsys.readouterr().err


def test_the_benchmark_counts_agreements(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["benchmark", "identifiability", "--quick", "--out", str(tmp_path / "out")]) == 0
    assert "10 of 10" in capsys.readouterr().out
    rows = json.loads((tmp_path / "out" / "identifiability.json").read_text())
    assert [(row["network"], row["agreeing"], row["sets"]) for row in rows] == [("e_coli_core", 10, 10)] * 2
