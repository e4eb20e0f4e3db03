from metagnn.studies.benchmarks.labels import measure_labels


def test_every_case_is_a_row_and_no_label_depends_on_order() -> None:
    cases = [("fba", "slim_optimize"), ("pfba", "pfba"), ("min_norm", "pfba")]
    calls: list[tuple[int, int]] = []
    rows = measure_labels(0, lambda *call: calls.append(call), quick=True)
    assert [row.case for row in rows[:3]] == [f"{ours} labels of 20 media / cobra {rival}" for ours, rival in cases]
    assert calls == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert all(row.ours > 0 and row.ratio_min <= row.ratio_median <= row.ratio_max for row in rows[:3])
    order = rows[3]
    assert (order.ours, order.rival) == (0.0, 0.0)
