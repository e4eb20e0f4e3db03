import json
from pathlib import Path
from typing import Any

import pytest

from metagnn.cli import main
from metagnn.studies.extrapolation import run


def score(value: float) -> dict[str, float]:
    return dict.fromkeys(("median", "min", "max"), value)


METRICS = ("growth_q2", "median_flux_q2", "normalised_error", "max_abs_sv", "max_bound_violation")
RESULTS = {
    "labelled": {"random": {"flux_gnn_polytope": {name: score(0.5) for name in METRICS}}},
    "settings": {
        "seeds": [3],
        "splits": {"random": {"held_out": ["nothing"], "train_media": [5], "test_media": [6]}},
        "wall_seconds": 1.0,
    },
}


def test_options_reach_the_library_and_its_tables_the_terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    seen: dict[str, Any] = {}

    def spy(folder: Path, options: object, progress: object) -> dict[str, Any]:
        seen.update(folder=folder, options=options)
        return json.loads(json.dumps(RESULTS))

    monkeypatch.setattr(run, "run_extrapolation", spy)
    out = str(tmp_path / "out")
    given = (
        "--quick",
        "--jobs",
        "2",
        "--seed",
        "3",
        "--table",
        "t.csv",
        "--model",
        "iJO1366",
        "--growth",
        "ATPM",
        "--resume",
    )
    assert main(["benchmark", "extrapolation", "--out", out, *given]) == 0
    assert seen["folder"] == Path(out)
    options = seen["options"]
    assert (options.table, options.model, options.growth) == ("t.csv", "iJO1366", "ATPM")
    assert (options.quick, options.first_seed, options.jobs, options.force, options.resume) == (True, 3, 2, False, True)
    printed = capsys.readouterr().out
    assert "0.5000 *" in printed
    assert "extrapolation.json" in printed


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["extrapolation", "--table", "t.csv"], "`--table` is given without `--model`"),
        (["extrapolation", "--model", "iJO1366"], "`--model` is given without `--table`"),
        (["extrapolation", "--table", "none.csv", "--model", "e_coli_core"], "no table at 'none.csv'"),
        (
            ["startup", "--resume"],
            "identifiability, measured, models, reconcile, training and transfer, not to 'startup'",
        ),
        (["transfer", "--jobs", "2"], "`--jobs` belongs to the benchmarks extrapolation and measured, not"),
        (["extrapolation", "--growth", "ATPM"], "`--growth` is given without `--model`"),
        (
            ["transfer", "--growth", "ATPM"],
            "`--growth` belongs to the benchmarks extrapolation and models, not to 'transfer'",
        ),
        (["inference", "--table", "t.csv"], "`--table` belongs to"),
        (["transfer", "--data", "."], "`--data` belongs to `metagnn benchmark measured`, not to 'transfer'"),
        (["transfer", "nanchen"], "an argument after the name belongs to the benchmarks measured and models"),
        (["measured", "nanchn", "--data", "."], "'nanchn' is no set; did you mean 'nanchen'?"),
        (["measured", "nanchen"], "`--data` is missing; expected the folder with nanchen2006_fluxes.csv"),
        (["measured", "--data", "no/folder"], "no folder at 'no/folder'"),
    ],
)
def test_bad_input_is_one_line(
    arguments: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert main(["benchmark", *arguments, "--out", str(out)]) == 2
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert message in line
    assert not out.exists()
