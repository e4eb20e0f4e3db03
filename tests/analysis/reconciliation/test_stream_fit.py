import numpy as np
import pytest

from metagnn.analysis.reconciliation import stream_fit
from metagnn.analysis.reconciliation.composition_fit import pooled_fit
from metagnn.analysis.reconciliation.composition_prior import composition_prior
from metagnn.analysis.reconciliation.exchange_laws import find_exchange_laws
from metagnn.analysis.reconciliation.stream_fit import Streams, fit_streams
from metagnn.datasets.rates import present_exchanges
from tests.analysis.reconciliation.true_rates import MEASURED, table_of, true_fluxes

ROWS = 10


@pytest.fixture(scope="module")
def problem(core):
    """Laws without acetate, rates with small noise, the prior and the composition; and the true acetate."""
    names = tuple(name for name in MEASURED if name != "EX_ac_e")
    laws = find_exchange_laws(core, present_exchanges(core, np.isin(np.array(core.reactions), names)), "elemental")
    fluxes = true_fluxes(core, ROWS, seed=5)
    rates, std = (a[:, laws.indices] for a in table_of(core, fluxes, 0.01, hidden=("EX_ac_e",)).on_network(core))
    prior = composition_prior(laws).centred()
    return laws, rates, std, prior, pooled_fit(laws, rates, std, prior), fluxes[:, core.reaction_index("EX_ac_e")]


def streams_of(laws, unit: float = 1.0) -> Streams:
    columns = laws.closed.columns
    return Streams(columns, np.full((ROWS, columns.shape[1]), unit))


def test_a_stream_of_its_own_in_every_row_is_recovered_within_its_error(core, problem):
    laws, *_, truth = problem
    fit = fit_streams(*problem[:-1], streams_of(laws))
    acetate = [core.reactions[index] for index in laws.closed.indices].index("EX_ac_e")
    assert (np.abs(fit.flows[:, acetate] - truth) < 3 * fit.flow_std[:, acetate]).all()
    assert fit.each_p[acetate] < 1e-3
    assert (fit.each >= fit.in_ratio - 1e-6).all()


def test_the_unit_of_a_flow_does_not_matter(problem):
    laws = problem[0]
    one, ten = (fit_streams(*problem[:-1], streams_of(laws, unit)) for unit in (1.0, 10.0))
    for name in ("in_ratio", "in_ratio_p", "each", "each_p", "flows", "flow_std", "row_p", "row_flows"):
        np.testing.assert_allclose(getattr(one, name), getattr(ten, name), rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(one.ratio, 10 * ten.ratio, rtol=1e-6)


def test_streams_fitted_in_parts_are_those_fitted_at_once(problem, monkeypatch):
    laws = problem[0]
    whole = fit_streams(*problem[:-1], streams_of(laws))
    monkeypatch.setattr(stream_fit, "SAMPLES_AT_ONCE", 3 * ROWS)
    parts = fit_streams(*problem[:-1], streams_of(laws))
    np.testing.assert_allclose(parts.flows, whole.flows)
    np.testing.assert_allclose(parts.in_ratio_p, whole.in_ratio_p)


def test_rows_that_hold_the_stream_already_need_no_more_of_it(core, problem):
    """Acetate as a measured flux, with its estimate in proportion, leaves the misfit that the update promised."""
    laws, rates, std, prior, pooled, _ = problem
    fit = fit_streams(laws, rates, std, prior, pooled, streams_of(laws))
    acetate = [core.reactions[index] for index in laws.closed.indices].index("EX_ac_e")
    whole = find_exchange_laws(core, present_exchanges(core, np.isin(np.array(core.reactions), MEASURED)), "elemental")
    place = list(whole.indices).index(core.reaction_index("EX_ac_e"))
    wide_rates, wide_std = (
        np.insert(array, place, value, axis=1) for array, value in ((rates, fit.ratio[acetate]), (std, 1e-6))
    )
    found = pooled_fit(whole, wide_rates, wide_std, prior)
    # Robust weights and growth that is reconciled anew move the misfit a little.
    left = float(found.chi_squared.sum()) + prior.misfit(found.theta)
    assert fit.misfit - left == pytest.approx(fit.in_ratio[acetate], rel=0.1)


def test_a_stream_without_effect_explains_nothing(problem):
    laws = problem[0]
    nothing = Streams(np.zeros((len(laws.matrix), 1)), np.ones((ROWS, 1)))
    fit = fit_streams(*problem[:-1], nothing)
    assert (fit.in_ratio, fit.each) == (0.0, 0.0)
    assert fit.row_p.min() == fit.in_ratio_p.min() == 1.0
    assert np.isinf(fit.flow_std).all()
