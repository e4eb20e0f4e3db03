import dataclasses
import json
import pickle
from pathlib import Path
from typing import Any

import pytest

from metagnn.errors import FolderError
from metagnn.studies.harness.experiment import Repetitions
from metagnn.studies.harness.samples import SampleStore
from metagnn.studies.paper import labelled_fluxes
from metagnn.studies.paper import reproduce as module
from metagnn.studies.paper.hidden_co2 import HIDDEN_CO2
from metagnn.studies.paper.labelled_fluxes import CONTESTANTS, LABELLED, THRESHOLD, UNSEEN
from metagnn.studies.paper.report import result_tables
from tests.studies.conftest import small_form

FLUX_SCORES = {
    *("growth_r2", "median_flux_r2", "q10_flux_r2", "max_abs_sv", "mean_sv2"),
    *("max_bound_violation", "train_seconds"),
}
SPREAD = {"median", "min", "max"}


@pytest.fixture
def two(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both labelled experiments with few media and the contestants that train at once, in this process."""
    experiments = tuple(
        dataclasses.replace(small_form(e), repetitions=Repetitions(1, 2, 3)) for e in (LABELLED, UNSEEN)
    )
    monkeypatch.setattr(module, "EXPERIMENTS", experiments)
    monkeypatch.setattr(labelled_fluxes, "CONTESTANTS", ("ridge", "mean"))
    # The figure shows models that are not run here.
    monkeypatch.setattr(module, "draw_figure", lambda results, runs, path, seed: None)


def test_results_hold_every_score_of_every_model(two: None, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    module.reproduce(tmp_path / "out", jobs=1, progress=lambda done, total: seen.append((done, total)))
    results = json.loads((tmp_path / "out" / "results.json").read_text())
    assert {"versions", "seed", "wall_seconds", "settings", "internal_fluxes", "unseen_media"} <= set(results)
    assert results["settings"]["size"] == "usual"
    assert results["settings"]["seeds"] == [0, 1]
    assert results["settings"]["experiments"]["unseen_media"]["train_ranges"]["EX_glc__D_e"] == [0.0, 3.0]
    assert results["settings"]["experiments"]["unseen_media"]["seeds"] == [0, 1]
    for models in (results["internal_fluxes"]["labelled"], results["unseen_media"]):
        assert set(models) == {"ridge", "mean"}
        for scores in models.values():
            assert set(scores) == FLUX_SCORES
            assert all(set(value) == SPREAD for value in scores.values())
    assert results["internal_fluxes"]["labelled"]["mean"]["growth_r2"]["max"] < 0.3
    assert results["internal_fluxes"]["labelled"]["ridge"]["max_abs_sv"]["max"] < 1e-9
    assert seen[0] == (0, 8)
    assert seen[-1] == (8, 8)
    tables = list(result_tables(results))
    assert len(tables) == 2
    assert all(len(row) == len(table.header) for table in tables for row in table.rows)


def test_a_finished_command_is_recognised(two: None, tmp_path: Path) -> None:
    out = tmp_path / "out"
    first = module.reproduce(out, "quick", jobs=1)
    written = {path: path.stat().st_mtime_ns for path in out.rglob("*")}
    with pytest.warns(UserWarning, match="is finished already"):
        assert module.reproduce(out, "quick", jobs=1, resume=True) == first
    assert {path: path.stat().st_mtime_ns for path in written} == written
    lost = out / "runs" / "unseen_media-ridge-0.npz"
    lost.unlink()
    with pytest.raises(FolderError, match=r"is finished, but 'runs/unseen_media-ridge-0.npz' was changed since"):
        module.reproduce(out, "quick", jobs=1, resume=True)


def test_a_kill_costs_one_run(two: None, tmp_path: Path) -> None:
    def kill(done: int, total: int) -> None:
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        module.reproduce(tmp_path / "out", jobs=1, progress=kill)
    assert not (tmp_path / "out" / "results.json").exists()
    seen: list[int] = []
    resumed = module.reproduce(tmp_path / "out", jobs=1, resume=True, progress=lambda done, total: seen.append(done))
    assert seen == [3, 4, 5, 6, 7, 8]
    fresh = module.reproduce(tmp_path / "fresh", jobs=1)
    for results in (resumed, fresh):
        for scores in (*results["internal_fluxes"]["labelled"].values(), *results["unseen_media"].values()):
            del scores["train_seconds"]
    assert resumed["internal_fluxes"] == fresh["internal_fluxes"]
    assert resumed["unseen_media"] == fresh["unseen_media"]


def test_runs_of_other_settings_are_not_mixed(two: None, tmp_path: Path) -> None:
    module.reproduce(tmp_path / "out", "quick", jobs=1)
    with pytest.raises(FolderError, match="is finished, by a run with size 'quick', not 'usual'"):
        module.reproduce(tmp_path / "out", "usual", jobs=1, resume=True)
    with pytest.raises(FolderError, match="is finished, by a run with other seeds; other experiments"):
        module.reproduce(tmp_path / "out", "quick", first_seed=1, jobs=1, resume=True)
    with pytest.raises(FolderError, match="exists; use --force"):
        module.reproduce(tmp_path / "out", "quick", jobs=1)


def test_force_leaves_nothing_of_other_runs(two: None, tmp_path: Path) -> None:
    module.reproduce(tmp_path / "out", "quick", jobs=1)
    module.reproduce(tmp_path / "out", "quick", first_seed=5, jobs=1, force=True)
    seeds = {path.stem.rsplit("-", 1)[1] for path in (tmp_path / "out" / "runs").glob("*-*.json")}
    assert seeds == {"5"}


def test_the_experiments_are_what_they_say() -> None:
    labelled, unseen = LABELLED.samples, UNSEEN.samples
    assert labelled.train_samples == unseen.train_samples == 100
    assert labelled.test_samples == unseen.test_samples == 500
    assert unseen.train_ranges["EX_glc__D_e"] == (0.0, THRESHOLD)
    assert unseen.test_ranges["EX_glc__D_e"] == (THRESHOLD, 10.0)
    assert {**unseen.train_ranges, "EX_glc__D_e": (0.0, 10.0)} == labelled.train_ranges == labelled.test_ranges
    assert [e.name for e in module.EXPERIMENTS] == [
        *("internal_fluxes.labelled", "unseen_media"),
        *("hidden_co2.known", "hidden_co2.known_without_h2o_h_pi", "hidden_co2.unknown_composition"),
        *("composition", "less_data"),
    ]
    assert [(e.known, e.hidden) for e in HIDDEN_CO2] == [
        (True, ("EX_co2_e",)),
        (True, ("EX_co2_e", "EX_h2o_e", "EX_h_e", "EX_pi_e")),
        (False, ("EX_co2_e",)),
    ]


@pytest.mark.parametrize("experiment", module.EXPERIMENTS, ids=lambda e: e.name)
def test_experiments_travel_to_other_processes_and_their_settings_to_json(experiment: Any) -> None:
    for form in (experiment, experiment.quick()):
        assert pickle.loads(pickle.dumps(form)) == form
        settings = form.settings()
        assert set(json.loads(json.dumps(settings))) == set(settings)
        assert len(set(form.contestants("full"))) == len(form.contestants("full"))
        assert set(form.contestants("quick")) <= set(form.contestants("full"))


def test_data_travel_to_other_processes(small: None, store: SampleStore) -> None:
    experiment = HIDDEN_CO2[0]
    data = experiment.data(store, 0)
    here = experiment.run("reconciliation", data, 0)
    there = experiment.run("reconciliation", pickle.loads(pickle.dumps(data)), 0)
    assert here.scores == there.scores


def test_the_whole_tree_has_the_documented_keys(whole: tuple[Path, dict[str, Any]]) -> None:
    _, results = whole
    labelled, unlabelled = results["internal_fluxes"]["labelled"], results["internal_fluxes"]["unlabelled"]
    assert set(labelled) == set(results["unseen_media"]) == set(CONTESTANTS)
    rivals = {"reconciliation", "reconciliation_with_growth"}
    paper = {"balance_mlp_as_described", "balance_mlp_tuned"}
    assert set(unlabelled) == {"flux_gnn", "flux_gnn_soft"} | rivals | paper
    for scores in (*labelled.values(), *results["unseen_media"].values(), *unlabelled.values()):
        assert set(scores) == FLUX_SCORES
        assert all(set(value) == SPREAD for value in scores.values())

    errors = {f"{name}_relative_error" for name in ("median", "mean", "p90")}
    ranges = {f"{error}_{side}" for error in errors for side in ("min", "max")}
    base = {"flux_gnn", "carbon_balance", "carbon_and_electron_balance"} | rivals
    assert set(results["hidden_co2"]) == {"known", "known_without_h2o_h_pi", "unknown_composition"}
    assert set(results["hidden_co2"]["known"]) == base | paper | {"flux_gnn_soft", "flux_gnn_soft_exchange"}
    assert set(results["hidden_co2"]["known_without_h2o_h_pi"]) == base
    assert set(results["hidden_co2"]["unknown_composition"]) == base | paper
    for models in results["hidden_co2"].values():
        for name, scores in models.items():
            assert set(scores) - {"steps"} == errors | ranges
            assert ("steps" in scores) == (name != "flux_gnn_soft_exchange")

    assert set(results["composition"]) == {"alpha", "beta"}
    for content in results["composition"].values():
        assert set(content) == {"true", "flux_gnn", "ols", "wls", "reconciliation", "ratio_to_wls"} | paper
        assert set(content["ratio_to_wls"]) == {"median", "low", "high"}
        for model in set(content) - {"true", "ratio_to_wls"}:
            assert {"estimates", "median_relative_error", "p95_relative_error"} <= set(content[model])

    variants = {
        "flux_gnn": {"constrained", "unconstrained"},
        "balance_mlp": {"constrained", "unconstrained"},
        **{model: {"unconstrained"} for model in ("ridge", "quadratic_ridge", "mean")},
    }
    assert {model: set(constraints) for model, constraints in results["less_data"].items()} == variants
    for constraints in results["less_data"].values():
        for points in constraints.values():
            assert list(points) == ["10", "12"]
            assert all(set(point) == SPREAD for point in points.values())


def test_every_experiment_has_its_settings_and_every_run_its_files(whole: tuple[Path, dict[str, Any]]) -> None:
    folder, results = whole
    settings = results["settings"]
    assert json.loads((folder / "runs" / "settings.json").read_text()) == settings
    assert set(settings["experiments"]) == {e.name for e in module.EXPERIMENTS}
    assert all(s["seeds"] == [0] for s in settings["experiments"].values())
    for experiment in module.EXPERIMENTS:
        for contestant in experiment.contestants("quick"):
            run = f"{experiment.name}-{contestant}-0"
            assert all((folder / "runs" / f"{run}.{ending}").is_file() for ending in ("json", "csv", "npz")), run
    assert {"metagnn", "torch", "python"} <= set(results["versions"])
    assert results["wall_seconds"] > 0
