import numpy as np
import pandas as pd
import pytest

from metagnn.network import MetabolicNetwork
from metagnn.studies.harness.measured_fluxes import MeasuredFluxes, measured_fluxes
from metagnn.studies.rivals.measured_fluxes import FLUX_RIVALS

TARGETS = ("PGI", "CS", "GAPD", "growth")


@pytest.fixture(scope="module")
def linear(core: MetabolicNetwork) -> MeasuredFluxes:
    """Fluxes proportional to glucose, which yields, ridge and gains can all learn."""
    glucose = np.linspace(2.0, 9.0, 9)
    slopes = np.array([0.6, 0.8, 1.6, 0.08])
    targets = pd.DataFrame(np.outer(glucose, slopes), columns=list(TARGETS))
    groups = np.arange(9) // 2
    return measured_fluxes(core, pd.DataFrame({"EX_glc__D_e": glucose}), targets, 0.1 * targets, groups)


@pytest.mark.parametrize("name", FLUX_RIVALS)
def test_a_rival_predicts_every_target_from_what_it_may_see(name: str, linear: MeasuredFluxes) -> None:
    train, test = linear.rows(np.arange(6)), linear.rows(np.arange(6, 9))
    fitted = FLUX_RIVALS[name](train, 0)
    answer = fitted(test.unmeasured())
    assert answer.targets.shape == (3, 4)
    assert np.isfinite(answer.targets).all()
    # What was measured of the test samples does not matter, nor which others are asked for.
    assert fitted(test).targets.tolist() == answer.targets.tolist()
    assert fitted(test.rows(np.array([1]))).targets[0] == pytest.approx(answer.targets[1], rel=1e-6, abs=1e-9)


def test_yields_extrapolate_what_is_proportional_exactly_and_the_mean_does_not(linear: MeasuredFluxes) -> None:
    train, test = linear.rows(np.arange(6)), linear.rows(np.arange(6, 9))
    truth = test.targets.to_numpy()
    assert FLUX_RIVALS["k·q"](train, 0)(test).targets == pytest.approx(truth)
    assert FLUX_RIVALS["GP on yields"](train, 0)(test).targets == pytest.approx(truth, rel=1e-3)
    assert FLUX_RIVALS["ridge"](train, 0)(test).targets == pytest.approx(truth, rel=0.02)
    assert np.abs(FLUX_RIVALS["mean"](train, 0)(test).targets / truth - 1).min() > 0.2


def test_a_gain_of_data_that_are_the_optimum_is_one(linear: MeasuredFluxes, core: MetabolicNetwork) -> None:
    exact = pd.DataFrame(linear.optimum("min_norm"), columns=linear.targets.columns)
    own = MeasuredFluxes(core, linear.uptakes, exact, linear.deviations, linear.groups, linear.optima)
    train, test = own.rows(np.arange(6)), own.rows(np.arange(6, 9))
    assert FLUX_RIVALS["FBA × gain"](train, 0)(test).targets == pytest.approx(test.targets.to_numpy())


@pytest.mark.parametrize("name", ["pFBA", "min-norm FBA", "GP, nearest feasible"])
def test_rivals_that_know_the_network_keep_its_laws(name: str, linear: MeasuredFluxes) -> None:
    train, test = linear.rows(np.arange(6)), linear.rows(np.arange(6, 9))
    answer = FLUX_RIVALS[name](train, 0)(test)
    assert answer.laws["max_abs_sv"] < 1e-8
    assert answer.laws["max_bound_violation"] < 1e-6
    assert answer.fluxes is not None
    at = [train.network.reaction_index(str(column)) for column in train.targets.columns]
    assert answer.fluxes[:, at].tolist() == answer.targets.tolist()


def test_the_process_is_less_sure_farther_away(linear: MeasuredFluxes) -> None:
    rng = np.random.default_rng(0)
    noisy = linear.targets * rng.normal(1.0, 0.05, linear.targets.shape)
    train = MeasuredFluxes(linear.network, linear.uptakes, noisy, noisy, linear.groups, linear.optima)
    answer = FLUX_RIVALS["GP on yields"](train.rows(np.arange(5)), 0)(linear)
    assert answer.low is not None
    assert answer.high is not None
    width = (answer.high - answer.low)[:, 0] / linear.carbon
    assert width[8] >= width[2]
