import dataclasses
import json
from pathlib import Path

import pandas as pd
import pytest

from metagnn.datasets.extrapolation import SPLITS
from metagnn.errors import FolderError, TableError
from metagnn.studies.extrapolation import experiment, run, run_extrapolation
from metagnn.studies.extrapolation.experiment import CONTESTANTS
from metagnn.studies.extrapolation.source import SparseMedia
from metagnn.studies.harness.samples import SampleStore
from metagnn.studies.harness.scores import UNSEEN_METRICS
from metagnn.studies.harness.study import StudyOptions

QUICK = StudyOptions("quick", jobs=1)
RESUME = StudyOptions("quick", jobs=1, resume=True)


@pytest.fixture
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the contestants that train at once."""
    monkeypatch.setattr(experiment, "CONTESTANTS", {name: CONTESTANTS[name] for name in ("ridge", "mean", "fba")})


def test_every_score_has_its_path(cheap: None, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    out = tmp_path / "out"
    run_extrapolation(out, options=QUICK, progress=lambda done, total: seen.append((done, total)))
    results = json.loads((out / "extrapolation.json").read_text())
    for labels in ("labelled", "growth_only"):
        assert set(results[labels]) == set(SPLITS)
        for models in results[labels].values():
            assert list(models) == ["ridge", "mean", "fba"]
            for scores in models.values():
                assert list(scores) == list(UNSEEN_METRICS)
                assert all(set(score) == {"median", "min", "max"} for score in scores.values())
    assert results["growth_only"]["random"]["ridge"]["median_flux_q2"]["median"] is None
    assert results["labelled"]["random"]["fba"]["growth_q2"]["median"] == pytest.approx(1.0)
    assert set(results["settings"]["splits"]) == set(SPLITS)
    assert (out / "extrapolation.png").stat().st_size > 10_000
    assert seen[0] == (0, 30)
    assert seen[-1] == (30, 30)


@pytest.fixture
def one_split(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "SPLITS", ["few_to_many"])


def test_a_killed_command_goes_on_where_it_ended(cheap: None, one_split: None, tmp_path: Path) -> None:
    def kill(done: int, total: int) -> None:
        if done == 4:
            raise KeyboardInterrupt

    out = tmp_path / "out"
    with pytest.raises(KeyboardInterrupt):
        run_extrapolation(out, options=QUICK, progress=kill)
    assert not (out / "extrapolation.json").exists()
    with pytest.raises(FolderError, match="--resume"):
        run_extrapolation(out, options=QUICK)
    seen: list[int] = []
    resumed = run_extrapolation(out, options=RESUME, progress=lambda done, total: seen.append(done))
    assert seen == [4, 5, 6]
    fresh = run_extrapolation(tmp_path / "fresh", options=QUICK)
    assert {s: resumed[s] for s in experiment.LABELS} == {s: fresh[s] for s in experiment.LABELS}


def test_a_table_of_ones_own(cheap: None, tmp_path: Path) -> None:
    samples = SparseMedia(48).samples(SampleStore(), 0)
    growth = samples.fluxes[["Biomass_Ecoli_core"]]
    table = pd.concat([samples.media.drop(columns="EX_o2_e").assign(EX_o2_e=1000.0), growth], axis=1)
    path = tmp_path / "table.csv"
    table.to_csv(path, index=False)
    with pytest.warns(UserWarning, match="split 'limitation_switch' is left out"):
        results = run_extrapolation(tmp_path / "out", dataclasses.replace(QUICK, table=str(path), model="e_coli_core"))
    assert "labelled" not in results
    assert set(results["growth_only"]) == set(SPLITS) - {"limitation_switch"}
    # Other labels than the linear program's: here FBA knows nothing of the limit of O2.
    assert results["growth_only"]["random"]["fba"]["growth_q2"]["median"] < 0.99


def test_a_table_that_no_split_divides(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    pd.DataFrame({"EX_glc__D_e": [5.0, 6.0, 7.0]}).to_csv(path, index=False)
    with (
        pytest.warns(UserWarning, match="is left out"),
        pytest.raises(TableError, match="no split can divide the table"),
    ):
        run_extrapolation(tmp_path / "out", dataclasses.replace(QUICK, table=str(path), model="e_coli_core"))
    assert not (tmp_path / "out").exists()
