import dataclasses

import pytest

from metagnn.analysis.reconciliation.composition_prior import GAMMA_NOISE
from metagnn.analysis.reconciliation.options import ReconcileOptions
from metagnn.errors import InputError


def test_the_degree_of_reduction_is_the_own_one_unless_given():
    assert ReconcileOptions().degree(4.3) == (4.3, pytest.approx(GAMMA_NOISE * 4.3))
    assert ReconcileOptions(gamma=4.11).degree(4.3) == (4.11, pytest.approx(GAMMA_NOISE * 4.11))
    assert ReconcileOptions(gamma=4.11, gamma_std=0.02).degree(4.3) == (4.11, 0.02)


@pytest.mark.parametrize("gamma", [0.0, -4.0, 8.0, float("nan"), float("inf")])
def test_a_degree_of_reduction_that_no_biomass_has_is_refused(gamma):
    with pytest.raises(InputError, match=r"`gamma` is .*expected electrons per carbon"):
        ReconcileOptions(gamma=gamma)
    with pytest.raises(InputError, match=r"`gamma_std` is .*expected a positive"):
        ReconcileOptions(gamma_std=gamma)


def test_settings_stay_as_they_were_checked():
    options = ReconcileOptions()
    with pytest.raises(dataclasses.FrozenInstanceError):
        options.energy = "kept"
    with pytest.raises(InputError, match="did you mean 'keep'"):
        dataclasses.replace(options, energy="kept")
