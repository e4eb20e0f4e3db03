import time

from metagnn.benchmarks.comparison import compare


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
