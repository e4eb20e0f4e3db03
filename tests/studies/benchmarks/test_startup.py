from metagnn.studies.benchmarks.startup import measure_startup


def test_startup_is_measured_in_fresh_processes() -> None:
    rows = measure_startup(0, lambda done, total: None, quick=True)
    assert [row.unit for row in rows] == ["s", "s"]
    assert all(row.ours > 0 for row in rows)
