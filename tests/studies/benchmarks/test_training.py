import json
from pathlib import Path

import numpy as np

from metagnn.studies.benchmarks.training import study_training
from metagnn.studies.harness.comparison import Comparison
from metagnn.studies.harness.study import StudyOptions


def test_both_models_stand_beside_each_other_and_the_exact_layer_keeps_the_laws(tmp_path: Path):
    calls: list[tuple[int, int]] = []
    (table,) = study_training(tmp_path, StudyOptions("quick", jobs=1), lambda *call: calls.append(call))
    assert calls == [(0, 2), (1, 2), (2, 2)]
    rows = {row["case"]: Comparison(**row) for row in json.loads((tmp_path / "training.json").read_text())}
    assert [cells[0] for cells in table.rows] == list(rows)
    assert len(rows) == 10
    polytope = {case.split(",")[0]: row for case, row in rows.items() if "polytope" in case}
    assert polytope["max |S·v|"].ours < 1e-8
    assert polytope["worst bound violation"].ours < 1e-6
    assert polytope["worst bound violation"].rival > 1e-3
    # The labels are of maximal growth, which two epochs suffice to find out.
    assert polytope["1 − R² of growth"].ours < 1e-6
    assert all(np.isfinite([row.ours, row.rival, row.ratio_median]).all() for row in rows.values())
