import time

from metagnn.studies.harness.comparison import compare, compare_errors


def test_the_ratio_is_rival_over_ours_in_the_unit() -> None:
    calls: list[str] = []

    def work(name: str, seconds: float) -> None:
        calls.append(name)
        time.sleep(seconds)

    row = compare(
        ("sleep", "none", "ms"), lambda: work("ours", 0.002), lambda: work("rival", 0.02), (1e3, 1e3), rounds=3
    )
    assert calls == ["ours", "rival"] * 4
    assert row.ratio_min <= row.ratio_median <= row.ratio_max
    assert row.ours >= 2.0
    assert row.rival >= 20.0
    assert (row.case, row.network, row.unit) == ("sleep", "none", "ms")


def test_errors_are_compared_pair_by_pair_and_none_counts_as_rounding() -> None:
    row = compare_errors(("error", "net", "1/h"), [1.0, 2.0, 4.0], [2.0, 2.0, 2.0])
    assert (row.ours, row.rival) == (2.0, 2.0)
    assert (row.ratio_min, row.ratio_median, row.ratio_max) == (0.5, 1.0, 2.0)
    assert compare_errors(("error", "net", "1/h"), [0.0], [0.0]).ratio_median == 1.0
