import dataclasses
import json
from pathlib import Path

import pytest

from metagnn.errors import FolderError
from metagnn.experiments import reproduce as module
from metagnn.experiments.contestants import CONTESTANTS
from metagnn.experiments.internal_fluxes import LABELLED
from metagnn.experiments.report import rows_of
from metagnn.experiments.unseen_media import THRESHOLD, UNSEEN


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same experiments with few media and the contestants that train at once, in this process."""
    sizes = {"train_samples": 12, "test_samples": 20}
    experiments = {name: dataclasses.replace(s, **sizes) for name, s in module.EXPERIMENTS.items()}
    monkeypatch.setattr(module, "EXPERIMENTS", experiments)
    monkeypatch.setattr(module, "CONTESTANTS", {name: CONTESTANTS[name] for name in ("ridge", "mean")})
    monkeypatch.setattr(module, "draw_figure", lambda network, runs, path, seed: None)


def test_results_hold_every_score_of_every_model(small: None, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    module.reproduce(tmp_path / "out", seeds=2, jobs=1, progress=lambda done, total: seen.append((done, total)))
    results = json.loads((tmp_path / "out" / "results.json").read_text())
    assert {"versions", "seed", "wall_seconds", "settings", "internal_fluxes", "unseen_media"} <= set(results)
    assert results["settings"]["experiments"]["unseen_media"]["train_ranges"]["EX_glc__D_e"] == [0.0, 3.0]
    for models in (results["internal_fluxes"]["labelled"], results["unseen_media"]):
        for scores in models.values():
            assert set(scores) == {
                *("growth_r2", "median_flux_r2", "q10_flux_r2", "max_abs_sv", "mean_sv2"),
                *("max_bound_violation", "train_seconds"),
            }
            assert all(set(value) == {"median", "min", "max"} for value in scores.values())
    assert results["internal_fluxes"]["labelled"]["mean"]["growth_r2"]["max"] < 0.3
    assert results["internal_fluxes"]["labelled"]["ridge"]["max_abs_sv"]["max"] < 1e-9
    assert seen[0] == (0, 8)
    assert seen[-1] == (8, 8)
    tables = list(rows_of(results))
    assert len(tables) == 2
    assert all(len(row) == len(header) for _, header, rows in tables for row in rows)


def test_a_killed_command_goes_on_where_it_ended(small: None, tmp_path: Path) -> None:
    out = tmp_path / "out"
    first = module.reproduce(out, seeds=1, jobs=1)
    kept, lost = out / "runs" / "unseen_media-mean-0.json", out / "runs" / "unseen_media-ridge-0.json"
    written = kept.stat().st_mtime_ns
    lost.unlink()
    again = module.reproduce(out, seeds=1, jobs=1, resume=True)
    assert kept.stat().st_mtime_ns == written
    assert lost.is_file()
    assert again["unseen_media"]["ridge"]["growth_r2"] == first["unseen_media"]["ridge"]["growth_r2"]


def test_runs_of_other_settings_are_not_mixed(small: None, tmp_path: Path) -> None:
    module.reproduce(tmp_path / "out", seeds=1, jobs=1)
    with pytest.raises(FolderError, match="holds runs of other settings"):
        module.reproduce(tmp_path / "out", seeds=2, jobs=1, resume=True)
    with pytest.raises(FolderError, match="exists; use --force"):
        module.reproduce(tmp_path / "out", seeds=1, jobs=1)


def test_the_experiments_are_what_they_say() -> None:
    assert LABELLED.train_samples == UNSEEN.train_samples == 100
    assert LABELLED.test_samples == UNSEEN.test_samples == 500
    assert UNSEEN.train_ranges["EX_glc__D_e"] == (0.0, THRESHOLD)
    assert UNSEEN.test_ranges["EX_glc__D_e"] == (THRESHOLD, 10.0)
    assert {**UNSEEN.train_ranges, "EX_glc__D_e": (0.0, 10.0)} == LABELLED.train_ranges == LABELLED.test_ranges
