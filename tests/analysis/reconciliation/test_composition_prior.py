import numpy as np
import pytest

from metagnn.analysis.reconciliation.composition_fit import fit_composition
from metagnn.analysis.reconciliation.composition_prior import (
    GAMMA_NOISE,
    TYPICAL_DEGREE,
    CellContents,
    composition_prior,
    own_contents,
    typical_degree,
)
from metagnn.analysis.reconciliation.exchange_laws import find_exchange_laws
from metagnn.datasets.rates import present_exchanges
from metagnn.errors import InputError
from tests.analysis.reconciliation.true_rates import MEASURED, table_of, true_fluxes

WIDE = CellContents((1.0, 1000.0), (0.1, 100.0))
NARROW = CellContents((30.0, 36.0), (4.0, 12.0))


@pytest.fixture(scope="module")
def exchange_laws(core):
    return find_exchange_laws(core, present_exchanges(core, np.isin(np.array(core.reactions), MEASURED)), "elemental")


@pytest.fixture(scope="module")
def fluxes(core):
    return true_fluxes(core, 40)


def on_boundary(core, exchange_laws, fluxes, noise, copies=1):
    rates, std = table_of(core, fluxes, noise=noise).on_network(core)
    return [np.tile(array[:, exchange_laws.indices], (copies, 1)) for array in (rates, std)]


def test_inside_its_ranges_the_prior_adds_nothing(core, exchange_laws, fluxes):
    rates = on_boundary(core, exchange_laws, fluxes, 0.05)
    with_ranges, without = (fit_composition(exchange_laws, *rates, contents=c) for c in (CellContents(), WIDE))
    assert with_ranges.composition == without.composition
    assert with_ranges.outside == without.outside == ()


def test_many_rows_outweigh_the_prior(core, exchange_laws, fluxes):
    truth, errors = core.biomass_content("C"), []
    for copies in (1, 10, 100):
        rates, std = on_boundary(core, exchange_laws, fluxes, 0.0, copies)
        errors.append(abs(fit_composition(exchange_laws, rates, std, contents=NARROW).composition.alpha - truth))
    assert errors[0] > errors[1] > errors[2]
    assert errors[2] < 0.01 * truth


def test_a_composition_outside_is_said_with_what_the_data_alone_give(core, exchange_laws, fluxes):
    rates = on_boundary(core, exchange_laws, fluxes, 0.02)
    (said,) = fit_composition(exchange_laws, *rates, contents=NARROW).outside
    assert said.startswith("carbon 4")
    assert "cells hold 30 to 36" in said


def test_the_pull_is_the_gradient_of_the_misfit(exchange_laws):
    prior = composition_prior(exchange_laws, contents=NARROW).centred()
    step = 1e-5
    for theta in (np.array([4.0, 1.0, 9.0]), np.array([-20.0, 9.0, -30.0])):
        # The width of the prior on the degree of reduction follows alpha; the pull takes it as it is at θ.
        fixed = prior.inner_information(theta)
        slope = []
        for place in range(3):
            ends = [theta + sign * step * np.eye(3)[place] for sign in (1, -1)]
            values = [
                prior.misfit(end) + (end - prior.mean) @ (fixed - prior.inner_information(end)) @ (end - prior.mean)
                for end in ends
            ]
            slope.append((values[0] - values[1]) / (2 * step))
        np.testing.assert_allclose(prior.pull(theta), -np.array(slope) / 2, rtol=1e-4, atol=1e-6)


def test_the_centre_of_a_centred_prior_has_contents_of_cells(exchange_laws):
    prior = composition_prior(exchange_laws).centred()
    alpha, beta, electrons = np.array(own_contents(exchange_laws)) + prior.mean
    assert (alpha, beta) == (pytest.approx(37.5), pytest.approx(8.0))
    assert electrons / alpha == pytest.approx(prior.degree[0])
    assert prior.misfits(prior.mean).max() == pytest.approx(0.0)


def test_a_degree_of_reduction_that_no_cell_has_is_replaced():
    assert typical_degree(4.1) == (4.1, pytest.approx(GAMMA_NOISE * 4.1))
    assert typical_degree(1.0)[0] == typical_degree(float("nan"))[0] == TYPICAL_DEGREE


@pytest.mark.parametrize("ends", [(45.0, 30.0), (0.0, 40.0), (30.0, float("inf"))])
def test_ranges_are_two_positive_numbers_in_order(ends):
    with pytest.raises(InputError, match=r"`alpha` is .* expected the least and the largest content \[mmol C/gDW\]"):
        CellContents(alpha=ends)
