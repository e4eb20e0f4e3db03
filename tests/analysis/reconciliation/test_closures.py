import numpy as np
import pytest

from metagnn.analysis.reconciliation.closures import closures
from tests.analysis.reconciliation.true_rates import true_fluxes


def test_steady_states_close_and_gaps_are_missing(core):
    fluxes = true_fluxes(core, 4)
    assert closures(core, fluxes) == pytest.approx(1.0, abs=1e-9)
    gap = fluxes.copy()
    gap[:, core.reaction_index("EX_co2_e")] = np.nan
    found = closures(core, gap)
    assert (found[:, 0] < 0.9).all()
    assert found[:, 1:] == pytest.approx(1.0, abs=1e-9)


def test_closures_do_not_depend_on_the_scale_of_a_sample(core):
    fluxes = true_fluxes(core, 3) * np.random.default_rng(0).uniform(0.9, 1.1, 95)
    assert closures(core, 7.0 * fluxes) == pytest.approx(closures(core, fluxes))


def test_what_takes_nothing_up_has_no_closure(core):
    assert np.isnan(closures(core, np.full((1, 95), np.nan))).all()
