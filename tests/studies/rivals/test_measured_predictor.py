import numpy as np
import pandas as pd
import pytest

from metagnn.network import MetabolicNetwork
from metagnn.studies.harness.measured_fluxes import MeasuredFluxes, measured_fluxes
from metagnn.studies.rivals.measured_predictor import QUICK_EFFORT, fit_predictor, inputs_of


@pytest.fixture(scope="module")
def samples(core: MetabolicNetwork) -> MeasuredFluxes:
    uptakes = pd.DataFrame({"EX_glc__D_e": [3.0, 5.0, 6.0, 7.0, 9.0]})
    targets = pd.DataFrame({"PGI": [1.0, 2.0, 2.5, 3.0, 4.0], "growth": [0.2, 0.35, 0.4, 0.5, 0.7]})
    return measured_fluxes(core, uptakes, targets, 0.1 * targets, np.arange(5))


def test_rates_are_uptakes_below_zero(samples: MeasuredFluxes) -> None:
    assert inputs_of(samples, "max_uptake").equals(samples.uptakes)
    assert inputs_of(samples, "rates").equals(-samples.uptakes)


@pytest.mark.parametrize("kind", ["max_uptake", "rates"])
def test_the_predictor_answers_every_flux_under_its_laws(kind: str, samples: MeasuredFluxes) -> None:
    answer = fit_predictor(samples, 0, kind, QUICK_EFFORT)(samples.unmeasured())
    assert answer.fluxes is not None
    assert answer.fluxes.shape == (5, len(samples.network.own_reactions))
    assert answer.laws["max_abs_sv"] < 1e-8
    assert answer.laws["max_bound_violation"] < 1e-6
    names = list(samples.network.own_reactions)
    assert answer.fluxes[:, names.index("PGI")].tolist() == answer.targets[:, 0].tolist()
    if answer.low is not None and answer.high is not None:
        assert (answer.low <= answer.high).all()


def test_flux_gnn_alone_answers_too(samples: MeasuredFluxes) -> None:
    assert np.isfinite(fit_predictor(samples, 0, effort=QUICK_EFFORT, alone=True)(samples).targets).all()
