import numpy as np
import pytest

from metagnn.analysis.reconciliation import ReconcileOptions, reconcile
from metagnn.datasets.rates import RateTable
from metagnn.fba.flux_variability import flux_ranges
from metagnn.optimize.linear_program import LinearProgram
from tests.analysis.reconciliation.true_rates import table_of, true_fluxes


@pytest.fixture(scope="module")
def truth(core):
    return true_fluxes(core, 150, seed=5)


def only(table: RateTable, *names: str) -> RateTable:
    at = [table.reactions.index(name) for name in names]
    return RateTable(table.samples, names, table.rates[:, at], table.deviations[:, at])


def test_intervals_of_every_determined_exchange_cover_the_truth_at_their_rate(core, truth):
    # The deviations that were drawn from, not those that a reader would assume.
    names = table_of(core, truth).reactions
    true = truth[:, [core.reaction_index(name) for name in names]]
    deviations = 0.05 * np.maximum(np.abs(true), 0.2)
    rates = true + deviations * np.random.default_rng(0).standard_normal(true.shape)
    table = only(
        RateTable(tuple(map(str, range(150))), names, rates, deviations), *(n for n in names if n != "EX_co2_e")
    )
    found = reconcile(core, table, ReconcileOptions(composition="fixed", ranges=False))[1].intervals
    assert set(np.unique(found.status)) == {"determined"}
    checked = [found.reactions.index(name) for name in (*names, "EX_h2o_e", "EX_h_e")]
    value = truth[:, [core.reaction_index(found.reactions[position]) for position in checked]]
    # Rounding counts as covered where an interval has next to no width.
    low, high = found.low[:, checked] - 1e-6, found.high[:, checked] + 1e-6
    covered = ((low <= value) & (value <= high)).mean(axis=0)
    # Three standard errors of 150 draws around nine in ten.
    assert (covered > 0.82).all(), covered
    assert (covered[:-2] < 0.98).all(), covered


@pytest.mark.parametrize(
    "measured", [("EX_glc__D_e",), ("EX_glc__D_e", "EX_nh4_e"), ("EX_glc__D_e", "EX_o2_e", "EX_ac_e")]
)
def test_determined_is_what_cannot_vary_once_the_measured_are_pinned(core, truth, measured):
    """Noise aside: pin what was measured and see what a linear program can still move, whatever the bounds."""
    table = only(table_of(core, truth[:2], noise=0.0), *measured, core.growth_reaction)
    fitted, found = reconcile(core, table, ReconcileOptions(composition="fixed"))
    indices = fitted.exchange_laws.indices
    wide = np.zeros(len(core.reactions))
    inside = fitted._bounds[0] < fitted._bounds[1]
    wide[inside] = 1000.0
    program = LinearProgram(fitted.fitted_network.stoichiometry.to_scipy(), np.zeros(len(wide)))
    lower, upper = -wide, wide.copy()
    pinned = [core.reaction_index(name) for name in table.reactions]
    lower[pinned] = upper[pinned] = found.fluxes.to_numpy()[0, pinned]
    ranges = flux_ranges(program, lower, upper, indices)
    fixed = ranges[:, 1] - ranges[:, 0] < 1e-5
    assert np.array_equal(found.intervals.status[0] == "determined", fixed)
    assert fixed.any()


def test_status_agrees_with_the_range_and_the_range_holds_the_truth(core, truth):
    table = only(table_of(core, truth[:8], noise=0.0), "EX_glc__D_e", "EX_ac_e", core.growth_reaction)
    intervals = reconcile(core, table, ReconcileOptions(composition="fixed", all_intervals=True))[1].intervals
    at = [core.reaction_index(name) for name in intervals.reactions]
    finite = np.isfinite(intervals.range_min) & np.isfinite(intervals.range_max)
    assert set(np.unique(intervals.status)) == {"determined", "bounded", "free"}
    assert finite[intervals.status == "bounded"].all()
    assert not finite[intervals.status == "free"].any()
    open_ones = intervals.status != "determined"
    assert np.isnan(intervals.value[open_ones]).all()
    assert np.array_equal(intervals.low[open_ones], intervals.range_min[open_ones])
    assert np.array_equal(intervals.high[open_ones], intervals.range_max[open_ones])
    assert (intervals.range_min <= truth[:8, at] + 1e-4).all()
    assert (truth[:8, at] <= intervals.range_max + 1e-4).all()
    # Loops and maintenance run as they like; what is tied to growth does not.
    assert set(intervals.status[:, intervals.reactions.index("ATPM")]) <= {"bounded", "free"}


def test_half_the_noise_is_half_the_interval(core, truth):
    table = table_of(core, truth[:6], noise=0.0)
    half = RateTable(table.samples, table.reactions, table.rates, table.deviations / 2)
    options = ReconcileOptions(composition="fixed", ranges=False)
    wide, narrow = (reconcile(core, rates, options)[1].intervals for rates in (table, half))
    assert narrow.high - narrow.low == pytest.approx((wide.high - wide.low) / 2, rel=1e-3, abs=1e-6)


def test_a_row_without_a_flux_has_no_interval(core, truth):
    table = table_of(core, truth[:4])
    fitted = reconcile(core, table, ReconcileOptions(composition="fixed"))[0]
    fluxes, measured = np.full((2, 95), np.nan), np.full((2, 95), np.nan)
    deviations = np.ones((2, 95))
    wanted = np.zeros((2, len(fitted.exchange_laws.indices)), dtype=bool)
    assert np.isnan(
        fitted._ranges.find_ranges(fluxes, measured, deviations, fitted.exchange_laws.indices, wanted)
    ).all()
