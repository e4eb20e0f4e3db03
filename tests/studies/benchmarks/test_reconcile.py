from metagnn.studies.benchmarks import reconcile as module


def test_reconciliation_is_far_ahead_of_the_carbon_balance(monkeypatch):
    monkeypatch.setattr(module, "QUICK_SAMPLES", 16)
    first = next(iter(module.CASES))
    monkeypatch.setattr(module, "CASES", {first: module.CASES[first]})
    done = []
    scores = module.measure_reconciliation(0, lambda d, t: done.append((d, t)), quick=True)
    by = {(score.case, score.metric): score.median for score in scores}
    error = "median error of CO2"
    assert done == [(1, 1)]
    assert by["all other exchanges measured", error] < 0.5 * by["carbon balance alone", error]
    assert by["one rate doubled", "named, of those"] > 0.7
    assert all(score.least <= score.median <= score.most for score in scores)
