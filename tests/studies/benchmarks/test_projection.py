from metagnn.studies.benchmarks.projection import measure_projection


def test_ours_are_verified_optima_within_the_laws():
    calls: list[tuple[int, int]] = []
    measured = measure_projection(1, lambda *call: calls.append(call), quick=True)
    cases = [row.case for row in measured]
    rows = {row.case.split(",")[0]: row for row in measured}
    assert calls[-1] == (9, 9)
    assert sum("targets N(0, 10)" in case for case in cases) == sum("near-feasible" in case for case in cases) == 2
    assert rows["unsolved or more than 1e-5 from the verified optimum"].ours == 0
    assert rows["largest distance to the verified optimum"].ours < 1e-6
    assert rows["max |S·v|"].ours < 1e-9
    assert rows["worst bound violation"].ours < 1e-9
    assert all(row.ratio_min <= row.ratio_median <= row.ratio_max for row in rows.values())
