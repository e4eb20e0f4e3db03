import torch

from metagnn.studies.benchmarks.devices import describe_device, measure_devices


def test_it_runs_anywhere_and_says_on_what() -> None:
    calls: list[tuple[int, int]] = []
    rows = measure_devices(0, lambda *call: calls.append(call), quick=True)
    assert calls == [(1, 3), (2, 3), (3, 3)]
    assert [row.case.split(",")[0] for row in rows] == ["projection", "prediction", "training step"]
    where = describe_device(torch.device("cuda" if torch.cuda.is_available() else "cpu"))
    assert all(f"on {where} / a linear program each, HiGHS on " in row.case for row in rows)
    assert all(row.ours > 0 and row.rival > 0 and row.unit == "µs per sample" for row in rows)


def test_a_cpu_is_called_one() -> None:
    assert describe_device(torch.device("cpu")) == f"CPU ({torch.get_num_threads()} threads)"
