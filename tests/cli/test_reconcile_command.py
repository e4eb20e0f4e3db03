import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from metagnn.cli import main
from metagnn.datasets.rates.rate_table import RateTable
from metagnn.network import load_network
from tests.analysis.reconciliation.true_rates import table_of, true_fluxes

HEADERS = {
    "EX_glc__D_e": "glucose_uptake_mmol_per_gDW_h",
    "EX_o2_e": "qO2 [mmol/gDW/h]",
    "EX_co2_e": "CER [mmol/gDW/h]",
    "EX_nh4_e": "ammonium_uptake_mmol_per_gDW_h",
    "EX_ac_e": "EX_ac_e",
    "Biomass_Ecoli_core": "growth_1_per_h",
}


@pytest.fixture(scope="module")
def rates() -> pd.DataFrame:
    core = load_network("e_coli_core")
    table: RateTable = table_of(core, true_fluxes(core, 12), noise=0.03)
    signs = {"EX_glc__D_e": -1, "EX_o2_e": -1, "EX_nh4_e": -1}
    columns = {HEADERS[name]: table.rates[:, i] * signs.get(name, 1) for i, name in enumerate(table.reactions)}
    return pd.DataFrame({"sample": [f"s{row}" for row in range(12)]} | columns)


@pytest.fixture
def run(tmp_path: Path, monkeypatch, capsys, rates: pd.DataFrame) -> Callable[..., tuple[int, str, str]]:
    monkeypatch.chdir(tmp_path)
    rates.to_csv("rates.csv", index=False)

    def call(*arguments: str) -> tuple[int, str, str]:
        code = main(("reconcile", *arguments, "--model", "e_coli_core", "--out", "out"))
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


def refused(result: tuple[int, str, str], *parts: str) -> None:
    code, _, err = result
    assert code == 2, err
    assert len(err.strip().splitlines()) == 1, err
    for part in parts:
        assert part in err


def test_a_spreadsheet_gives_hidden_co2_with_intervals(run):
    code, out, err = run("rates.csv", "--hide", "EX_co2_e")
    assert (code, err) == (0, "")
    for text in (
        "columns as read, for e_coli_core",
        "raw data",
        "alpha [mmol C/gDW]",
        "EX_co2_e: withheld and predicted",
    ):
        assert text in out
    assert out.index("columns as read") < out.index("raw data") < out.index("alpha")
    report = json.loads(Path("out/report.json").read_text())
    scores = report["hidden"]["EX_co2_e"]
    assert set(scores) >= {"mean_relative_error", "worst_relative_error", "covered_90", "median_half_width_90"}
    assert scores["mean_relative_error"] < 0.1
    assert scores["worst_relative_error"] >= scores["mean_relative_error"]
    intervals = pd.read_csv("out/intervals.csv")
    assert list(intervals.columns) == [
        "sample", "reaction", "name", "value", "low90", "high90", "range_min", "range_max", "status",
    ]  # fmt: skip
    co2 = intervals[intervals["reaction"] == "EX_co2_e"]
    measured = pd.read_csv("rates.csv")[HEADERS["EX_co2_e"]].to_numpy()
    inside = (co2["low90"].to_numpy() <= measured) & (measured <= co2["high90"].to_numpy())
    assert inside.sum() == scores["covered_90"]
    assert list(co2["sample"]) == [f"s{row}" for row in range(12)]
    fluxes = pd.read_csv("out/reconciled.csv")
    assert fluxes.shape == (12, 97)
    assert np.allclose(fluxes["EX_co2_e"], co2["value"])
    samples = pd.read_csv("out/samples.csv")
    assert {"chi_squared", "p_value", "suspect", "closure_C_before", "closure_C_after"} <= set(samples.columns)
    assert np.allclose(samples["closure_C_after"], 1.0)
    assert Path("out/reconciled.png").stat().st_size > 0


def test_a_finished_folder_is_not_overwritten_without_force(run):
    assert run("rates.csv")[0] == 0
    refused(run("rates.csv"), "'out' exists", "--force")
    code, _, error = run("rates.csv", "--resume")
    assert code == 0
    assert error == "metagnn: warning: 'out' is finished already; use --force to compute it again\n"
    refused(run("rates.csv", "--resume", "--gamma", "4.2"), "is finished, by a run with gamma None, not 4.2", "--force")
    assert run("rates.csv", "--force")[0] == 0


def test_a_picture_is_drawn_where_it_is_asked_for_and_in_the_folder(run):
    assert run("rates.csv", "--plot", "elsewhere/rates.svg")[0] == 0
    assert Path("elsewhere/rates.svg").read_bytes().startswith(b"<?xml")
    assert Path("out/reconciled.png").read_bytes().startswith(b"\x89PNG")


def test_a_picture_that_cannot_be_written_is_refused_before_the_work(run):
    refused(run("rates.csv", "--plot", "rates.doc"), "unknown ending")
    assert not Path("out/report.json").exists()


def test_a_factor_of_two_is_said(run, rates: pd.DataFrame):
    wrong = rates.copy()
    wrong[HEADERS["EX_o2_e"]] *= 2
    wrong.to_csv("rates.csv", index=False)
    code, out, _ = run("rates.csv")
    assert code == 0
    assert "warning: O2 (EX_o2_e) may be off by a factor of 2" in out


@pytest.mark.parametrize(
    ("content", "parts"),
    [
        ("glucose_uptake\n1\n", ["has no unit"]),
        ("mu [1/h]\n", ["header but no rows"]),
        ("sample,mu [1/h]\na,0.1\na,0.2\n", ["'a'", "more than once"]),
    ],
)
def test_bad_files_end_in_one_line(run, content: str, parts: list[str]):
    Path("rates.csv").write_text(content)
    refused(run("rates.csv"), *parts)
    assert not Path("out/report.json").exists()


def test_bad_options_end_in_one_line(run):
    refused(run("rates.csv", "--hide", "EX_for_e"), "no measured rate of this file")
    refused(run("rates.csv", "--gamma", "-1"), "`gamma` is -1")
    refused(run("rates.csv", "--noise", "0"), "`noise` is 0")
    refused(run("none.csv"), "no table at 'none.csv'")
    refused(run("rates.csv", "--units", "none.yml"), "no map of units")


def test_a_placeholder_and_a_missing_product_are_said_with_names(run, rates: pd.DataFrame):
    wrong = rates.drop(columns="EX_ac_e")
    wrong.loc[2:3, HEADERS["EX_o2_e"]] = -999.0
    wrong.to_csv("rates.csv", index=False)
    code, out, err = run("rates.csv")
    assert (code, err) == (0, "")
    assert "warning: column 'qO2 [mmol/gDW/h]' is -999 in sample s2, s3: a placeholder, not a measurement" in out
    assert re.search(r"warning: \d+ % of the carbon is missing.*Acetate \(EX_ac_e\) at .*try `--present EX_ac_e`", out)
    report = json.loads(Path("out/report.json").read_text())
    assert [stream["balance"] for stream in report["missing_streams"]] == ["C"]
    assert report["names"]["EX_co2_e"] == "CO2"
    assert len(report["warnings"]) >= 2


def test_what_cells_hold_is_set_by_the_user(run):
    code, out, _ = run("rates.csv", "--alpha", "20", "36")
    assert code == 0
    assert re.search(r"warning: the biomass that these rates need.*carbon 4\d.* cells hold 20 to 36", out)
    refused(run("rates.csv", "--force", "--beta", "12", "4"), "`beta`", "[mmol N/gDW]")


def test_a_closure_that_cannot_be_had_is_named_with_the_reason(run, rates: pd.DataFrame):
    rates.drop(columns=HEADERS["EX_nh4_e"]).to_csv("rates.csv", index=False)
    code, out, _ = run("rates.csv")
    assert code == 0
    assert "closure of nitrogen is not available: no measured rate brings nitrogen in" in out
