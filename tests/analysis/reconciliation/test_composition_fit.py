import numpy as np
import pytest

from metagnn.analysis.reconciliation.composition_fit import fit_composition
from metagnn.analysis.reconciliation.exchange_laws import find_exchange_laws
from metagnn.datasets.rates import present_exchanges
from tests.analysis.reconciliation.true_rates import MEASURED, table_of, true_fluxes


@pytest.fixture(scope="module")
def exchange_laws(core):
    return find_exchange_laws(core, present_exchanges(core, np.isin(np.array(core.reactions), MEASURED)), "elemental")


def data(core, exchange_laws, samples=40, **options):
    table = table_of(core, true_fluxes(core, samples), **options)
    rates, deviations = table.on_network(core)
    return rates[:, exchange_laws.indices], deviations[:, exchange_laws.indices]


def test_thousands_of_rows_do_not_drag_what_was_not_measured_to_zero(core, exchange_laws):
    rates, deviations = data(core, exchange_laws, noise=0.0, hidden=("EX_co2_e",))
    many = [np.tile(array, (50, 1)) for array in (rates, deviations)]
    fitted = fit_composition(exchange_laws, *many)
    assert fitted.composition.alpha == pytest.approx(core.biomass_content("C"), rel=1e-6)


def test_more_rows_narrow_what_rows_determine_and_not_the_prior(core, exchange_laws):
    few, many = data(core, exchange_laws, 10), [np.tile(array, (16, 1)) for array in data(core, exchange_laws, 10)]
    one, sixteen = (fit_composition(exchange_laws, *rows).composition.beta_interval for rows in (few, many))
    assert (sixteen[1] - sixteen[0]) == pytest.approx((one[1] - one[0]) / 4, rel=0.02)
    hidden = [np.tile(array, (400, 1)) for array in data(core, exchange_laws, 10, hidden=("EX_co2_e",))]
    alpha = fit_composition(exchange_laws, *hidden).composition
    # 4 % of a degree of reduction that nobody measured stays in alpha, whatever the number of rows.
    assert (alpha.alpha_interval[1] - alpha.alpha_interval[0]) / 2 > 1.6 * 0.04 * alpha.alpha


def test_alpha_follows_the_degree_of_reduction_that_is_given(core, exchange_laws):
    rates, deviations = data(core, exchange_laws, noise=0.0, hidden=("EX_co2_e",))
    own = core.biomass_content("electrons") / core.biomass_content("C")
    fitted = fit_composition(exchange_laws, rates, deviations, gamma=(1.05 * own, 1e-6))
    assert fitted.gamma == pytest.approx(1.05 * own, rel=1e-6)
    assert fitted.composition.alpha == pytest.approx(core.biomass_content("C") / 1.05, rel=1e-4)


def test_one_wild_row_hardly_moves_the_composition(core, exchange_laws):
    rates, deviations = data(core, exchange_laws, noise=0.02)
    wild = rates.copy()
    wild[0, list(exchange_laws.names).index("EX_nh4_e")] *= 5
    right, wrong = (fit_composition(exchange_laws, array, deviations).composition.beta for array in (rates, wild))
    assert wrong == pytest.approx(right, rel=0.01)


def test_rows_that_scatter_more_than_they_say_widen_the_intervals(core, exchange_laws):
    rates, deviations = data(core, exchange_laws, noise=0.05)
    said = fit_composition(exchange_laws, rates, deviations)
    understated = fit_composition(exchange_laws, rates, deviations / 4)
    assert said.spread < 1.6
    assert understated.spread > 8
    widths = [f.composition.beta_interval[1] - f.composition.beta_interval[0] for f in (said, understated)]
    assert 0.8 * widths[0] < widths[1] < 2 * widths[0]
