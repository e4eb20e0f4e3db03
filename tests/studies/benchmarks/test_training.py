import numpy as np

from metagnn.studies.benchmarks.training import measure_training


def test_both_models_stand_beside_each_other_and_the_exact_layer_keeps_the_laws():
    calls: list[tuple[int, int]] = []
    rows = {row.case: row for row in measure_training(0, lambda *call: calls.append(call), quick=True)}
    assert calls == [(0, 1), (1, 1)]
    polytope = {case.split(",")[0]: row for case, row in rows.items() if "polytope" in case}
    assert polytope["max |S·v|"].ours < 1e-8
    assert polytope["worst bound violation"].ours < 1e-6
    assert polytope["worst bound violation"].rival > 1e-3
    # The labels are of maximal growth, which two epochs suffice to find out.
    assert polytope["1 − R² of growth"].ours < 1e-6
    assert all(np.isfinite([row.ours, row.rival, row.ratio_median]).all() for row in rows.values())
