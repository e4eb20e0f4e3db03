import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from metagnn.cli import main
from metagnn.fba import simulate_fluxes
from metagnn.network import MetabolicNetwork

pytest.importorskip("matplotlib")


@pytest.fixture(scope="module")
def labels(core: MetabolicNetwork) -> pd.DataFrame:
    media = pd.DataFrame({"EX_glc__D_e": [10.0, 0.0, 5.0], "EX_o2_e": [20.0, 0.0, 0.0]})
    solutions = simulate_fluxes(core, media, method="fba")
    return pd.concat([solutions.status, solutions.fluxes], axis=1)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], labels) -> Callable:
    """Draw a map in an empty folder with `fluxes.csv`; answers exit code, output, errors."""
    monkeypatch.chdir(tmp_path)
    labels.to_csv("fluxes.csv", index=False)

    def call(*options: str, model: str = "e_coli_core", out: str = "map.svg") -> tuple[int, str, str]:
        code = main(["map", model, "--fluxes", "fluxes.csv", "--out", out, *options])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


def escher_map(reactions: list[str]) -> str:
    nodes = {
        "1": {"node_type": "metabolite", "bigg_id": "a", "x": 0, "y": 0},
        "2": {"node_type": "midmarker", "x": 100, "y": 0},
    }
    segments = {"1": {"from_node_id": "1", "to_node_id": "2", "b1": None, "b2": None}}
    drawn = {
        str(i): {"bigg_id": name, "segments": segments, "label_x": 0, "label_y": 0} for i, name in enumerate(reactions)
    }
    Path("escher.json").write_text(json.dumps([{}, {"nodes": nodes, "reactions": drawn}]))
    return "escher.json"


def test_a_row_of_fluxes_becomes_a_picture(run: Callable):
    code, out, err = run("--row", "2")
    assert (code, err) == (0, "")
    picture = Path("map.svg").read_text()
    assert 'id="PFK"' in picture
    assert "reactions on the map │ 95" in out
    assert "not among the fluxes │ 0" in out


def test_only_reactions_with_flux(run: Callable, labels: pd.DataFrame):
    _, out, _ = run("--active")
    active = int((labels.iloc[0, 1:].abs() > 1e-6).sum())
    assert f"reactions on the map │ {active}" in out
    assert "without flux         │ 0" in out


def test_an_escher_map_finds_growth_under_its_other_name_and_counts_what_is_missing(run: Callable):
    code, out, err = run("--escher", escher_map(["PFK", "BIOMASS_Ecoli_core_w_GAM", "NOT_IN_CORE"]), out="map.png")
    assert (code, err) == (0, "")
    assert Path("map.png").read_bytes().startswith(b"\x89PNG")
    assert "with flux            │ 2" in out
    assert "not among the fluxes │ 1" in out


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--row", "3"], "`--row` is 3; 'fluxes.csv' has 3 rows, counted from 0"),
        (["--row", "1"], "row 1 of 'fluxes.csv' holds no fluxes (status 'infeasible')"),
        (["--subsystem", "Glycolysis"], "e_coli_core has no subsystems; leave `--subsystem` out"),
        (["--escher", "none.json"], "no Escher map at 'none.json'"),
        (["--escher", "fluxes.csv"], "'fluxes.csv' is not JSON"),
        (["--escher", "fluxes.csv", "--active"], "`--active` selects reactions for a layout and does not apply"),
    ],
)
def test_bad_input_is_one_line_and_leaves_no_picture(run: Callable, options: list[str], message: str):
    code, _, err = run(*options)
    assert code == 2
    assert err.startswith("metagnn: error: ")
    assert message in err
    assert err.count("\n") == 1
    assert not Path("map.svg").exists()


def test_a_column_of_another_model_is_refused(run: Callable, labels: pd.DataFrame):
    labels.rename(columns={"PFK": "PFKK"}).to_csv("fluxes.csv", index=False)
    code, _, err = run()
    assert code == 2
    assert "'PFKK' is no reaction of e_coli_core; did you mean 'PFK'" in err


def test_an_existing_picture_and_an_unknown_ending_are_refused_first(run: Callable):
    Path("map.svg").write_text("mine")
    code, _, err = run()
    assert (code, Path("map.svg").read_text()) == (2, "mine")
    assert "use --force" in err
    assert "unknown ending" in run(out="map.xyz")[2]
    assert run("--force")[0] == 0
