import numpy as np
import pandas as pd
import pytest

from metagnn.network import MetabolicNetwork
from metagnn.studies.harness.measured_fluxes import (
    MeasuredFluxes,
    inner_folds,
    measured_fluxes,
    relative_errors,
)


@pytest.fixture(scope="module")
def samples(core: MetabolicNetwork) -> MeasuredFluxes:
    uptakes = pd.DataFrame({"EX_glc__D_e": [0.1, 2.0, 5.0], "EX_ac_e": [0.0, 3.0, 0.0]}, index=[7, 8, 9])
    targets = pd.DataFrame({"PGI": [0.1, 1.0, 3.0], "growth": [0.0, 0.1, 0.4]}, index=[7, 8, 9])
    return measured_fluxes(core, uptakes, targets, 0.1 * targets, np.array(["a", "b", "a"]))


def test_a_medium_that_cannot_pay_the_maintenance_has_an_optimum_of_nothing(
    core: MetabolicNetwork, samples: MeasuredFluxes
) -> None:
    for method in ("pfba", "min_norm"):
        optimum = samples.optimum(method)
        assert (optimum[0] == 0).all()
        assert optimum[2, 1] == pytest.approx(float(samples.optima[method][core.growth_reaction].iloc[2]))
        assert optimum[2, 1] > 0.2


def test_carbon_counts_every_uptake(samples: MeasuredFluxes) -> None:
    assert samples.carbon.tolist() == pytest.approx([0.6, 18.0, 30.0])


def test_rows_keep_what_belongs_together_and_hide_what_was_measured(samples: MeasuredFluxes) -> None:
    two = samples.rows(np.array([2, 0]))
    assert two.uptakes["EX_glc__D_e"].tolist() == [5.0, 0.1]
    assert two.targets["PGI"].tolist() == [3.0, 0.1]
    assert two.groups.tolist() == ["a", "a"]
    assert two.optimum("pfba").tolist() == samples.optimum("pfba")[[2, 0]].tolist()
    hidden = two.unmeasured()
    assert hidden.targets.isna().all(axis=None)
    assert hidden.deviations.isna().all(axis=None)
    assert hidden.uptakes.equals(two.uptakes)


def test_inner_folds_hold_out_whole_groups() -> None:
    groups = np.array([0, 0, 1, 1, 2, 2])
    seen = []
    for inside, outside in inner_folds(groups):
        assert not set(groups[inside]) & set(groups[outside])
        seen += outside.tolist()
    assert sorted(seen) == list(range(6))
    assert len(list(inner_folds(np.zeros(4)))) == 4


def test_relative_errors_are_zero_where_all_is_right_and_one_where_nothing_is_said() -> None:
    observed = np.array([[3.0, 4.0], [1.0, 0.0]])
    assert relative_errors(observed, observed).tolist() == [0.0, 0.0]
    assert relative_errors(observed, np.zeros((2, 2))).tolist() == [1.0, 1.0]
