import pytest

from metagnn.studies.benchmarks.scaling import COSTS, measure_scaling


def test_every_cost_has_its_exponents():
    rows = measure_scaling(0, lambda done, total: None, quick=True)
    assert len(rows) == 2 * len(COSTS)
    steps, fitted = rows[0::2], rows[1::2]
    assert [row.case for row in fitted] == [f"{cost}: exponent over all networks" for cost in COSTS]
    for step, over_all in zip(steps, fitted, strict=True):
        # Two networks: the line through both is the step between them.
        assert over_all.ratio_median == pytest.approx(step.ratio_median)
        assert step.network == "2 × e_coli_core"
