import json
from pathlib import Path

from metagnn.studies.benchmarks.reconcile import (
    ALONE,
    CASES,
    CLOSED_FORM,
    DOUBLED,
    Reconciliation,
    study_reconciliation,
)
from metagnn.studies.harness.samples import SampleStore
from metagnn.studies.harness.study import StudyOptions


def test_reconciliation_is_far_ahead_of_the_carbon_balance(tmp_path: Path) -> None:
    first = next(iter(CASES))
    small = Reconciliation(samples=16, cases=(first,))
    data = small.data(SampleStore(), 0)
    scores = {case: small.run(case, data, 0).scores for case in small.contestants("quick")}
    error = "median error of CO2"
    assert scores[first][error] < scores[CLOSED_FORM][error] < 0.5 * scores[ALONE][error]
    assert scores[DOUBLED]["named, of those"] > 0.7
    again = {case: small.run(case, small.data(SampleStore(), 1), 1).scores for case in scores}
    spreads = small.results({case: [scores[case], again[case]] for case in scores})["reconcile"]
    assert all(s["min"] <= s["median"] <= s["max"] for found in spreads.values() for s in found.values())
    assert spreads[ALONE][error]["min"] == min(scores[ALONE][error], again[ALONE][error])


def test_the_study_writes_a_row_for_every_metric(tmp_path: Path) -> None:
    done: list[tuple[int, int]] = []
    experiment = Reconciliation(cases=())
    (table,) = study_reconciliation(tmp_path, StudyOptions("quick", jobs=1), lambda *c: done.append(c), experiment)
    assert done == [(0, 3), (1, 3), (2, 3), (3, 3)]
    rows = json.loads((tmp_path / "reconcile.json").read_text())
    assert [row["case"] for row in rows] == [ALONE, CLOSED_FORM, *[DOUBLED] * 3]
    assert set(rows[0]) == {"case", "metric", "median", "least", "most"}
    assert [cells[:2] for cells in table.rows] == [(row["case"], row["metric"]) for row in rows]
