from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from metagnn.analysis import suggest_medium
from metagnn.cli import main
from metagnn.fba import simulate_fluxes
from metagnn.network import MetabolicNetwork

PRICES = {"EX_glc__D_e": 1.0, "EX_ac_e": 0.2, "EX_o2_e": 0.05}


@pytest.fixture
def run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    """Run the command in a folder with `prices.csv`; answers exit code, output, errors."""
    monkeypatch.chdir(tmp_path)
    pd.DataFrame([PRICES]).to_csv("prices.csv", index=False)

    def call(*options: str) -> tuple[int, str, str]:
        code = main(["suggest-medium", "e_coli_core", "--prices", "prices.csv", "--out", "media.csv", *options])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


def test_the_media_that_are_written_cost_what_they_may_and_grow_as_is_printed(
    run: Callable, core: MetabolicNetwork
) -> None:
    code, out, err = run("--budget", "5,10,20")
    assert (code, err) == (0, "")
    media = pd.read_csv("media.csv")
    assert media.columns.tolist() == ["sample", *PRICES]
    cost = media[list(PRICES)] @ pd.Series(PRICES)
    assert cost.tolist() == pytest.approx([5.0, 10.0, 20.0])
    # FBA of the file, as `metagnn simulate` would do it.
    growth = simulate_fluxes(core, media, "fba").growth
    for name, rate, budget in zip(media["sample"], growth, (5.0, 10.0, 20.0), strict=True):
        (row,) = (line for line in out.splitlines() if f"│ {name} " in line)
        assert row.split("│")[2].strip() == f"{rate:.4f}"
        assert rate == pytest.approx(suggest_medium(core, budget, PRICES).growth, abs=1e-7)
    assert growth.is_monotonic_increasing
    assert "open carbon sources missing in the table" not in out


def test_limits_hold_and_an_empty_cell_is_none(run: Callable) -> None:
    Path("limits.csv").write_text("EX_glc__D_e,EX_o2_e\n3,\n")
    assert run("--budget", "40", "--limits", "limits.csv")[0] == 0
    media = pd.read_csv("media.csv")
    assert media["EX_glc__D_e"].item() == pytest.approx(3.0)
    assert media["EX_o2_e"].item() > 20


def test_what_feeds_the_cell_for_nothing_is_said(run: Callable) -> None:
    pd.DataFrame([{"EX_ac_e": 1.0}]).to_csv("prices.csv", index=False)
    code, out, _ = run("--budget", "0")
    assert code == 0
    assert "open carbon sources missing in the table: EX_glc__D_e (up to 10 mmol/gDW/h)" in out
    assert "nothing" in out


@pytest.mark.parametrize(
    ("prices", "options", "message"),
    [
        ("EX_glc__D_e\n1\n2\n", ["--budget", "5"], "'prices.csv' has 2 rows; expected one, with a price [1/mmol]"),
        ("EX_glucose\n1\n", ["--budget", "5"], "'EX_glucose' is no exchange"),
        ("EX_glc__D_e\n-1\n", ["--budget", "5"], "`prices['EX_glc__D_e']` is -1.0; expected"),
        ("EX_glc__D_e,EX_ac_e\n,\n", ["--budget", "5"], "`prices` is empty"),
        ("EX_glc__D_e\n1\n", ["--budget", "-5"], "`budget` is -5.0; expected a finite number"),
        ("EX_glc__D_e\n1\n", ["--budget", "inf"], "`budget` is inf; expected a finite number"),
        ("EX_glc__D_e\n1\n", ["--budget", "0"], "no medium within the budget of 0"),
        ("EX_glc__D_e\n1\n", ["--budget", "5", "--limits", "nowhere.csv"], "nowhere.csv"),
        ("EX_glc__D_e\n1\n", ["--budget", "5", "--limits", "limits.csv"], "`limits` names 'EX_ac_e', which has no"),
    ],
)
def test_bad_input_is_one_line_and_writes_nothing(run: Callable, prices: str, options: list[str], message: str) -> None:
    Path("prices.csv").write_text(prices)
    Path("limits.csv").write_text("EX_ac_e\n1\n")
    code, _, err = run(*options)
    assert code == 2
    assert err.startswith("metagnn: error: ")
    assert err.count("\n") == 1
    assert message in err
    assert not Path("media.csv").exists()


def test_a_budget_is_numbers_and_an_output_is_kept(run: Callable, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        run("--budget", "5,much")
    assert stop.value.code == 2
    assert "'5,much' is not a list of numbers; expected, for example, 5,10,20" in capsys.readouterr().err
    Path("media.csv").write_text("mine")
    code, _, err = run("--budget", "5")
    assert (code, Path("media.csv").read_text()) == (2, "mine")
    assert "use --force" in err
    assert run("--budget", "5", "--force")[0] == 0


def test_prices_may_name_a_currency(tmp_path: Path):
    found = []
    for header in ("glucose [EUR/mmol],O2 (1/mmol)", "EX_glc__D_e,EX_o2_e"):
        prices, out = tmp_path / "p.csv", tmp_path / "m.csv"
        prices.write_text(f"{header}\n1.5,0.1\n")
        given = ["--prices", str(prices), "--budget", "10", "--out", str(out), "--force"]
        assert main(["suggest-medium", "e_coli_core", *given]) == 0
        found.append(out.read_text())
    assert found[0] == found[1]
