import json
from pathlib import Path

import cobra.io
import pandas as pd
import pytest

from metagnn.__main__ import main
from metagnn.errors import FolderError, InputError
from metagnn.studies.benchmarks import models
from metagnn.studies.benchmarks.models import model_files, open_ranges, study_models
from metagnn.studies.harness.result_table import ResultTable
from metagnn.studies.harness.study import StudyOptions
from metagnn.testing import toy_network


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model, and a file that is none."""
    folder = tmp_path_factory.mktemp("models")
    cobra.io.save_json_model(cobra.io.load_model("textbook"), str(folder / "core.json"))
    (folder / "broken.xml").write_text("<sbml>")
    (folder / "notes.txt").write_text("no model")
    return folder


def options(folder: Path, **others: object) -> StudyOptions:
    return StudyOptions("quick", paths=(str(folder),), **others)


def test_every_model_has_a_row_and_a_failure_its_reason(folder: Path, tmp_path: Path):
    steps: list[tuple[int, int]] = []
    reading, learning = study_models(tmp_path / "out", options(folder), lambda *step: steps.append(step))
    assert steps == [(0, 2), (1, 2), (2, 2)]
    broken, core = json.loads((tmp_path / "out" / "models.json").read_text())
    assert broken["model"] == "broken.xml"
    assert broken["error"].startswith("read: ")
    assert (core["model"], core["error"], core["reactions"], core["media"]) == ("core.json", "", 95, 20)
    assert core["cobra_growth_difference"] < 1e-8
    assert core["fba_unlabelled"] == core["pfba_unlabelled"] == core["min_norm_unlabelled"]
    assert core["steady_state_max_abs_sv"] < 1e-9
    assert core["polytope_max_bound_violation"] < 1e-6
    assert core["ridge_growth_r2"] <= 1
    assert [row[0] for row in reading.rows] == ["broken.xml", "core.json"]
    # What was learned, with its scores; a model that was not has its reason in the first table alone.
    predictors = ["flux_gnn, steady_state", "flux_gnn, polytope", "quadratic ridge"]
    assert [row[:2] for row in learning.rows] == [("core.json", predictor) for predictor in predictors]
    assert float(learning.rows[2][4]) == pytest.approx(core["ridge_growth_r2"], rel=1e-3)
    assert len(pd.read_csv(tmp_path / "out" / "models.csv")) == 2
    # Finished, nothing is measured again.
    with pytest.warns(UserWarning, match="is finished already"):
        again = study_models(tmp_path / "out", options(folder, resume=True), lambda done, total: None)
    assert again == [reading, learning]
    with pytest.raises(FolderError, match="is finished, by a run with other amount"):
        study_models(tmp_path / "out", options(folder, resume=True, media=30), lambda done, total: None)


def test_a_killed_run_goes_on_with_the_next_model(folder: Path, tmp_path: Path, monkeypatch):
    tried = []
    monkeypatch.setattr(
        models, "try_model", lambda path, *rest: tried.append(path.name) or {"model": path.name, "n": 1}
    )
    for name in ("_reading_table", "_learning_table"):
        monkeypatch.setattr(models, name, lambda rows: ResultTable("", (), tuple((row["model"],) for row in rows)))

    def kill(done, total):
        if done == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        study_models(tmp_path / "out", options(folder), kill)
    table, _ = study_models(tmp_path / "out", options(folder, resume=True), lambda done, total: None)
    assert tried == ["broken.xml", "core.json"]
    assert table.rows == (("broken.xml",), ("core.json",))


def test_files_and_folders_are_taken_in_order(folder: Path):
    names = [path.name for path in model_files([str(folder / "notes.txt"), str(folder)])]
    assert names == ["notes.txt", "broken.xml", "core.json"]
    with pytest.raises(InputError, match="nowhere' is not there"):
        model_files(["nowhere"])
    with pytest.raises(InputError, match="needs a model file"):
        model_files([])


def test_media_vary_what_the_file_opens_or_else_everything():
    network = toy_network({"EX_a": "a <=>", "EX_b": "b ->", "growth": "a + b ->"}, "growth")
    ranges = open_ranges(network)
    assert list(ranges) == ["EX_a"]
    assert ranges["EX_a"] == (0.0, 10.0)
    closed = toy_network({"EX_a": "a ->", "growth": "a ->"}, "growth")
    assert open_ranges(closed) == {"EX_a": (0.0, 10.0)}


def test_a_path_belongs_to_this_benchmark_alone(capsys: pytest.CaptureFixture[str], tmp_path: Path):
    with pytest.raises(SystemExit) as ended:
        raise SystemExit(main(["benchmark", "startup", "core.json", "--out", str(tmp_path / "out")]))
    assert ended.value.code == 2
    assert "an argument after the name belongs to the benchmarks measured and models" in capsys.readouterr().err
