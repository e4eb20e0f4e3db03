import numpy as np
import pandas as pd
import pytest

from metagnn.network import MetabolicNetwork
from metagnn.studies.harness.measured_fluxes import MeasuredFluxes, measured_fluxes
from metagnn.studies.measured.flux_case import FluxCase, leave_groups_out
from metagnn.studies.measured.flux_scores import GROUPS_WON, OF_GROUP, groups_won, try_contestant
from metagnn.studies.rivals.measured_fluxes import FittedFluxes, FluxAnswer


@pytest.fixture(scope="module")
def case(core: MetabolicNetwork) -> FluxCase:
    uptakes = pd.DataFrame({"EX_glc__D_e": [2.0, 4.0, 6.0, 8.0]})
    samples = measured_fluxes(
        core,
        uptakes,
        pd.DataFrame({"PGI": [1.0, 2.0, 3.0, 5.0], "growth": [0.1, 0.3, 0.4, 0.6]}),
        pd.DataFrame({"PGI": [0.1] * 4, "growth": [0.01] * 4}),
        np.array(["a", "a", "b", "c"]),
    )
    truth = samples.optima["min_norm"].copy()
    truth[["PGI", core.growth_reaction]] = samples.targets.to_numpy()
    folds = {"groups": leave_groups_out(samples.groups)}
    return FluxCase(samples, truth, ("PGI", core.growth_reaction), folds, hidden="EX_co2_e")


def knowing(case: FluxCase, off: float) -> FittedFluxes:
    """A contestant that knows the truth, `off` times: only what scores do is tested here."""
    lookup = dict(zip(case.samples.uptakes["EX_glc__D_e"], case.truth.to_numpy(), strict=True))

    def predict(rows: MeasuredFluxes) -> FluxAnswer:
        everything = (1 + off) * np.stack([lookup[q] for q in rows.uptakes["EX_glc__D_e"]])
        at = [list(case.truth.columns).index(str(name)) for name in rows.targets.columns]
        width = 1e-9 + 0.1 * np.abs(everything)
        ends = everything - width, everything + width
        return FluxAnswer(everything[:, at], everything, *(e[:, at] for e in ends), *ends, {"max_abs_sv": off})

    return predict


def test_the_truth_scores_perfectly(case: FluxCase) -> None:
    scores = try_contestant(case, lambda train, seed: knowing(case, 0.0), 0, "groups")["groups"]
    assert scores["normalised_error"] == scores["train_error"] == scores["hidden_error"] == 0.0
    assert scores["uniform_q2"] == scores["coverage"] == scores["hidden_coverage"] == scores["all_coverage"] == 1.0
    assert scores["half_width"] == pytest.approx(0.1, rel=0.3)
    assert scores["max_abs_sv"] == 0.0
    assert scores["simple_error"] is None
    assert {name for name in scores if name.startswith(OF_GROUP)} == {OF_GROUP + name for name in "abc"}


def test_a_fifth_too_much_is_an_error_of_a_fifth_that_no_interval_covers(case: FluxCase) -> None:
    scores = try_contestant(case, lambda train, seed: knowing(case, 0.2), 0)["groups"]
    for name in ("normalised_error", "train_error", "growth_error", "hidden_error"):
        assert scores[name] == pytest.approx(0.2)
    assert scores["coverage"] == scores["growth_coverage"] == scores["hidden_coverage"] == 0.0
    assert scores["max_abs_sv"] == 0.2


def test_a_contestant_sees_no_measurement_of_the_samples_it_predicts(case: FluxCase) -> None:
    seen: list[bool] = []

    def rival(train: MeasuredFluxes, seed: int) -> FittedFluxes:
        assert not train.targets.isna().any(axis=None)

        def predict(rows: MeasuredFluxes) -> FluxAnswer:
            seen.append(bool(rows.targets.isna().all(axis=None) and rows.deviations.isna().all(axis=None)))
            return FluxAnswer(np.zeros((len(rows.uptakes), 2)))

        return predict

    scores = try_contestant(case, rival, 0)["groups"]
    assert len(seen) == 6
    assert all(seen)
    assert scores["normalised_error"] == 1.0
    assert scores["coverage"] is scores["hidden_error"] is scores["max_abs_sv"] is None


def test_groups_are_won_against_the_best_of_the_bars_of_the_same_seed() -> None:
    def run(a: float, b: float) -> dict[str, dict[str, float]]:
        return {"s": {f"{OF_GROUP}a": a, f"{OF_GROUP}b": b, "normalised_error": 0.0}}

    runs = {"x": [run(0.5, 0.2)], "y": [run(0.4, 0.3)], "ours": [run(0.3, 0.25)]}
    groups_won(runs, ("x", "y"), "s")
    assert [scores[0]["s"][GROUPS_WON] for scores in runs.values()] == [0.0, 0.0, 1.0]
