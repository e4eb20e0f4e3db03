import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from metagnn.errors import InputError
from metagnn.studies.harness.study import StudyOptions
from metagnn.studies.measured import flux_learning, registry
from metagnn.studies.measured.run import FIGURE, RESULTS, experiments_of, study_measured


def ignore(done: int, total: int) -> None:
    """No progress."""


@pytest.mark.parametrize(
    ("names", "data", "message"),
    [
        (("nanchn",), ".", "'nanchn' is no set; did you mean 'nanchen'"),
        ((), None, "`--data` is missing"),
        (("synthetic", "gerosa"), None, "`--data` is missing; expected the folder with gerosa2015_fluxes.csv"),
        (("nanchen",), "no/such/folder", "no folder at 'no/such/folder'"),
    ],
)
def test_what_is_asked_for_wrongly_is_one_line(names: tuple[str, ...], data: str | None, message: str) -> None:
    with pytest.raises(InputError, match=message) as raised:
        experiments_of(names, data)
    assert "\n" not in str(raised.value)


def test_a_set_whose_file_is_missing_is_named_and_skipped(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="set 'nanchen' is skipped: .* lacks nanchen2006_fluxes.csv"):
        hidden, _ = experiments_of(("nanchen", "synthetic"), str(tmp_path))
    assert hidden.name.startswith("synthetic")
    with pytest.warns(UserWarning, match="skipped"), pytest.raises(InputError, match="holds no file of 'gerosa'"):
        experiments_of(("gerosa",), str(tmp_path))


def test_a_study_writes_scores_and_figure_and_finds_itself_finished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    few: Mapping[str, object] = {name: flux_learning.FLUX_RIVALS[name] for name in ("mean", "k·q", "pFBA")}
    monkeypatch.setattr(flux_learning, "FLUX_RIVALS", few)
    monkeypatch.setattr(flux_learning.FluxLearning, "_ours", lambda self: {})
    monkeypatch.setattr(registry, "QUICK_CELLS", (6, 3))
    options = StudyOptions("quick", jobs=1, resume=True, paths=("synthetic",))
    tables = study_measured(tmp_path / "out", options, ignore)
    assert len(tables) == 4
    results = json.loads((tmp_path / "out" / RESULTS).read_text())
    for splits in results["sets"].values():
        for models in splits.values():
            assert list(models) == list(few)
            assert models["pFBA"]["hidden_error"]["median"] > 0.0
    assert (tmp_path / "out" / FIGURE).stat().st_size > 1000
    assert study_measured(tmp_path / "out", options, ignore) == tables
