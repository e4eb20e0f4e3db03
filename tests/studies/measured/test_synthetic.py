import numpy as np
import pytest

from metagnn.network import MetabolicNetwork
from metagnn.studies.measured.flux_case import FluxCase
from metagnn.studies.measured.synthetic import CO2, CO2_GAIN, INSIDE, OUTSIDE, synthetic_case


@pytest.fixture(scope="module", params=[False, True])
def case(request: pytest.FixtureRequest, core: MetabolicNetwork) -> FluxCase:
    return synthetic_case(core, (30, 12), request.param, 1)


def test_co2_is_hidden_or_measured_too_low(case: FluxCase) -> None:
    targets = case.samples.targets
    assert case.hidden == CO2
    assert CO2 not in case.scored
    if CO2 in targets:
        assert (targets[CO2] / case.truth[CO2]).mean() == pytest.approx(CO2_GAIN, abs=0.03)
    assert CO2 not in case.samples.uptakes


def test_noise_is_as_large_as_the_deviations_say(case: FluxCase) -> None:
    names = list(case.scored)
    z = (case.samples.targets[names] - case.truth[names]) / case.samples.deviations[names]
    assert z.to_numpy().std() == pytest.approx(1.0, abs=0.1)
    assert np.abs(z.to_numpy().mean()) < 0.15


def test_both_splits_train_on_the_same_cells_and_one_tests_beyond_them(case: FluxCase) -> None:
    (train, inside), (same, outside) = case.splits[INSIDE][0], case.splits[OUTSIDE][0]
    assert train.tolist() == same.tolist()
    assert not set(inside) & set(train) | set(outside) & set(train)
    glucose = case.samples.uptakes["EX_glc__D_e"].to_numpy()
    assert glucose[outside].min() >= glucose[train].max()
    assert glucose[inside].max() < glucose[outside].min()


def test_a_seed_gives_the_same_measurements(core: MetabolicNetwork) -> None:
    one, two = (synthetic_case(core, (4, 2), True, 5).samples.targets.to_numpy() for _ in range(2))
    assert one == pytest.approx(two, abs=1e-6)
