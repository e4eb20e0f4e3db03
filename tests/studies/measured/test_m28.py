import dataclasses
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from metagnn.errors import TableError
from metagnn.network import MetabolicNetwork
from metagnn.studies.measured.m28 import (
    CURVES_FILE,
    KNOWN_POINTS,
    LAST_SEVEN,
    MEDIA_FILE,
    PUBLISHED,
    SOURCES,
    TIMES,
    CurveCase,
    curve_case,
    read_m28,
    score_curves,
)
from metagnn.studies.rivals.measured_curves import CURVE_RIVALS, CurveAnswer


def tables() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Sixteen media, four with each source and four without, and curves that reach higher on a source."""
    count = 16
    media = pd.DataFrame({"medium": range(count), "split": np.where(np.arange(count) % 2, "train", "test")})
    for k, exchange in enumerate(SOURCES.values()):
        media[f"{exchange}:mM"] = np.where(np.arange(count) // 4 == k, 40.0, 0.0)
    media["EX_leu__L_e:mM"] = np.where(np.arange(count) % 3 == 0, 0.8, 0.0)
    hours = np.linspace(0.3, 23.0, TIMES)
    curves = [
        pd.DataFrame({"medium": at, "time_h": hours, "log_od": -2.4 + (2.0 if at < 12 else 0.3) * hours / 23.0})
        for at in range(count)
    ]
    return media, pd.concat(curves, ignore_index=True)


@pytest.fixture(scope="module")
def case(iJO1366: MetabolicNetwork) -> CurveCase:
    return curve_case(iJO1366, *tables())


def test_splits_leave_whole_sources_out(case: CurveCase) -> None:
    assert list(case.splits) == [PUBLISHED, *(f"without {name}" for name in SOURCES), LAST_SEVEN]
    for name in SOURCES:
        (train, test), before = case.splits[f"without {name}"]
        assert before == 0
        assert set(case.samples.groups[test]) == {name}
        assert name not in case.samples.groups[train]
        assert len(train) + len(test) == 16
    assert case.splits[LAST_SEVEN][1] == KNOWN_POINTS
    (train, test), _ = case.splits[PUBLISHED]
    assert train.tolist() == list(range(1, 16, 2))


def test_the_observed_curves_score_perfectly_and_a_flat_one_scores_nothing(case: CurveCase) -> None:
    observed = case.samples
    perfect = CurveAnswer(observed.curves, observed.traits.to_numpy(), observed.curves[:, -1], observed.curves[:, -1])
    scores = score_curves(observed, perfect)
    assert scores["curve_r2"] == scores["curves_above"] == scores["final_r2"] == scores["coverage"] == 1.0
    assert scores["half_width"] == 0.0
    flat = score_curves(observed, CurveAnswer(np.full_like(observed.curves, 50.0), None))
    assert flat["curve_r2"] == flat["curves_above"] == 0.0
    assert flat["final_r2"] is flat["coverage"] is None


def test_only_the_points_that_are_asked_for_count(case: CurveCase) -> None:
    known = dataclasses.replace(case.samples, before=KNOWN_POINTS)
    guess = known.curves.copy()
    guess[:, :KNOWN_POINTS] = 99.0
    scores = score_curves(known, CurveAnswer(guess, None))
    assert scores["pooled_r2"] == 1.0
    assert scores["curve_r2"] is None
    carried = CURVE_RIVALS["last value"](known, 0)(known.unmeasured())
    assert score_curves(known, carried)["pooled_r2"] < 1.0


def test_a_medium_without_its_whole_curve_is_named(tmp_path: Path) -> None:
    media, curves = tables()
    media.to_csv(tmp_path / MEDIA_FILE, index=False)
    curves.to_csv(tmp_path / CURVES_FILE, index=False)
    assert [file.name for file in read_m28(tmp_path)] == [MEDIA_FILE, CURVES_FILE]
    curves.iloc[:-1].to_csv(tmp_path / CURVES_FILE, index=False)
    with pytest.raises(TableError, match="medium 15 has 19 points; expected 20"):
        read_m28(tmp_path)
