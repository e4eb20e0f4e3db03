import os

import numpy as np
import pandas as pd
import pytest

from metagnn.analysis.nearest_flux.nearest_to_rates import reconcile_rates
from metagnn.analysis.reconciliation import ReconcileOptions, Reconciler, reconcile
from metagnn.datasets.rates import RateTable, read_rates
from metagnn.errors import InputError, TableError
from tests.analysis.reconciliation.true_rates import table_of, true_fluxes, with_contents

INSIDE = ("PGI", "G6PDH2r", "GND", "PFK", "GAPD", "PYK", "PDH", "CS", "ICDHyr", "PPC")
CHEMOSTATS = "METAGNN_CHEMOSTAT_TABLE"


@pytest.fixture(scope="module")
def truth(core):
    return true_fluxes(core, 24)


def test_measurements_without_noise_come_back_and_give_what_was_hidden(core, truth):
    table = table_of(core, truth, noise=0.0)
    fitted, found = reconcile(core, table, ReconcileOptions(hide=("EX_co2_e",)))
    co2 = core.reaction_index("EX_co2_e")
    assert fitted.fitted.composition.alpha == pytest.approx(core.biomass_content("C"), rel=1e-6)
    assert fitted.fitted.composition.beta == pytest.approx(core.biomass_content("N"), rel=1e-6)
    # What fluxes inside the cell may not be for nothing costs a thousandth.
    assert found.fluxes["EX_co2_e"].to_numpy() == pytest.approx(truth[:, co2], rel=3e-3)
    assert found.closures_after.to_numpy() == pytest.approx(1.0, abs=1e-6)
    assert (found.errors.chi_squared < 1e-2).all()
    assert not found.changes
    assert not fitted.checks.suspects


def test_another_composition_is_found_across_the_rows(core):
    other = with_contents(core, 38.0, 7.0)
    truth = true_fluxes(other, 60)
    fitted, _ = reconcile(core, table_of(core, truth, noise=0.02), ReconcileOptions(ranges=False))
    composition = fitted.fitted.composition
    for value, interval, true in (
        (composition.alpha, composition.alpha_interval, 38.0),
        (composition.beta, composition.beta_interval, 7.0),
    ):
        assert value == pytest.approx(true, rel=0.02)
        half = (interval[1] - interval[0]) / 2
        assert abs(value - true) < 2 * half


def test_fluxes_are_at_steady_state_with_the_fitted_biomass_and_within_bounds(core, truth):
    fitted, found = reconcile(core, table_of(core, truth), ReconcileOptions(ranges=False))
    balance = fitted.fitted_network.stoichiometry.to_scipy() @ found.fluxes.to_numpy().T
    assert np.abs(balance).max() < 1e-8
    for name in fitted.absent:
        assert np.abs(found.fluxes[name]).max() < 1e-9


def test_it_is_the_quadratic_program_of_every_sample(core, truth):
    table = table_of(core, truth[:6])
    fitted, found = reconcile(core, table, ReconcileOptions(composition="fixed", ranges=False))
    bounds = tuple(np.repeat(bound[None, :], 6, axis=0) for bound in fitted._bounds)
    rival = reconcile_rates(core, bounds, *table.on_network(core))
    measured = found.measured.notna().iloc[0].to_numpy()
    assert found.fluxes.to_numpy()[:, measured] == pytest.approx(rival.fluxes[:, measured], abs=1e-5)


def test_reconciling_twice_changes_nothing(core, truth):
    table = table_of(core, truth[:8])
    options = ReconcileOptions(composition="fixed", ranges=False)
    once = reconcile(core, table, options)[1]
    rates = once.fluxes[list(table.reactions)].to_numpy()
    again = RateTable(table.samples, table.reactions, rates, table.deviations)
    twice = reconcile(core, again, options)[1]
    at = [core.reaction_index(name) for name in table.reactions]
    assert twice.fluxes.to_numpy()[:, at] == pytest.approx(once.fluxes.to_numpy()[:, at], rel=3e-3, abs=1e-3)


def test_intervals_cover_the_truth_about_nine_times_in_ten(core):
    truth = true_fluxes(core, 120, seed=3)
    hits = []
    for seed in range(2):
        table = table_of(core, truth, seed=seed, hidden=("EX_co2_e",))
        found = reconcile(core, table, ReconcileOptions(composition="fixed", ranges=False))[1].intervals
        column = found.reactions.index("EX_co2_e")
        true = truth[:, core.reaction_index("EX_co2_e")]
        hits.append((found.low[:, column] <= true) & (true <= found.high[:, column]))
    assert 0.84 < np.mean(hits) < 0.96


def test_ranges_hold_the_reconciled_flux_and_intervals_are_ordered(core, truth):
    found = reconcile(core, table_of(core, truth[:5]))[1].intervals
    assert set(np.unique(found.status)) == {"determined"}
    assert (found.low <= found.value).all()
    assert (found.value <= found.high).all()
    assert (found.range_min <= found.value + 1e-6).all()
    assert (found.value <= found.range_max + 1e-6).all()


def test_what_is_not_determined_is_not_a_number_but_a_range(core, truth):
    # With neither O2 nor CO2, nothing tells carbon in biomass from carbon in CO2.
    names = ("EX_glc__D_e", "EX_nh4_e", core.growth_reaction)
    full = table_of(core, truth[:6])
    at = [full.reactions.index(name) for name in names]
    table = RateTable(full.samples, names, full.rates[:, at], full.deviations[:, at])
    fitted, found = reconcile(core, table)
    column = found.intervals.reactions.index("EX_co2_e")
    assert np.isnan(fitted.fitted.composition.alpha)
    assert not np.isnan(fitted.fitted.composition.beta)
    assert set(found.intervals.status[:, column]) == {"bounded"}
    assert np.isnan(found.intervals.value[:, column]).all()
    true = truth[:6, core.reaction_index("EX_co2_e")]
    assert (found.intervals.low[:, column] <= true).all()
    assert (true <= found.intervals.high[:, column]).all()


def test_an_exchange_that_is_opened_takes_determination_away(core, truth):
    table = table_of(core, truth[:4], hidden=("EX_co2_e",))
    closed = reconcile(core, table, ReconcileOptions(composition="fixed"))[1].intervals
    opened = reconcile(core, table, ReconcileOptions(composition="fixed", present=("formate", "EX_etoh_e", "pyruvate")))
    column = opened[1].intervals.reactions.index("EX_co2_e")
    assert closed.status[0, closed.reactions.index("EX_co2_e")] == "determined"
    assert opened[1].intervals.status[0, column] != "determined"
    assert "EX_for_e" not in opened[0].absent


def test_all_intervals_include_those_of_the_exchanges(core, truth):
    table = table_of(core, truth[:3])
    some = reconcile(core, table, ReconcileOptions(composition="fixed", ranges=False))[1].intervals
    every = reconcile(core, table, ReconcileOptions(composition="fixed", ranges=False, all_intervals=True))[1].intervals
    at = [every.reactions.index(name) for name in some.reactions]
    assert every.low[:, at] == pytest.approx(some.low, abs=2e-3)
    assert {"determined", "bounded"} <= set(np.unique(every.status))


def test_a_demand_for_energy_that_rates_fall_below_does_not_bind(core, truth):
    table = table_of(core, 0.05 * truth, noise=0.0)
    free = reconcile(core, table, ReconcileOptions(composition="fixed", ranges=False))[1]
    kept = reconcile(core, table, ReconcileOptions(composition="fixed", energy="keep", ranges=False))[1]
    assert free.errors.chi_squared.max() < 1e-3
    assert kept.errors.chi_squared.min() > 10


def test_one_doubled_rate_is_named(core, truth):
    table = table_of(core, truth, noise=0.02)
    rates = table.rates.copy()
    place = table.reactions.index("EX_o2_e")
    rates[:, place] *= 2
    wrong = RateTable(table.samples, table.reactions, rates, table.deviations)
    found = reconcile(core, wrong, ReconcileOptions(composition="fixed", ranges=False))[1]
    assert (np.array(found.errors.suspect) == "EX_o2_e").mean() > 0.9
    assert (found.errors.suspect_p < 0.01).mean() > 0.9


@pytest.mark.parametrize(("reaction", "factor"), [("EX_o2_e", 2.0), ("EX_glc__D_e", 1000.0)])
def test_a_column_wrong_by_a_factor_is_flagged(core, truth, reaction, factor):
    table = table_of(core, truth)
    scale = np.where(np.array(table.reactions) == reaction, factor, 1.0)
    wrong = RateTable(table.samples, table.reactions, table.rates * scale, table.deviations * scale)
    first = Reconciler(core, wrong, ReconcileOptions(ranges=False)).checks.suspects[0]
    assert first.reaction == reaction
    assert first.factor == pytest.approx(factor)
    assert first.corrected < 0.5 * first.misfit


def test_o2_counted_as_o_is_flagged_by_electrons_where_co2_is_hidden(core, truth):
    table = table_of(core, truth, hidden=("EX_co2_e",))
    scale = np.where(np.array(table.reactions) == "EX_o2_e", 2.0, 1.0)
    wrong = RateTable(table.samples, table.reactions, table.rates * scale, table.deviations * scale)
    suspects = Reconciler(core, wrong, ReconcileOptions(ranges=False)).checks.suspects
    assert ("EX_o2_e", 2.0) in [(suspect.reaction, suspect.factor) for suspect in suspects]


def test_measurements_that_no_flux_meets_are_named_with_the_smallest_change(core, truth):
    table = table_of(core, truth[:3], noise=0.0)
    rates = table.rates.copy()
    place = table.reactions.index("EX_nh4_e")
    rates[1, place] *= 4
    wrong = RateTable(table.samples, table.reactions, rates, table.deviations)
    changes = reconcile(core, wrong, ReconcileOptions(composition="fixed", ranges=False))[1].changes
    assert {change.sample for change in changes} == {"1"}
    assert changes[0].reaction == "EX_nh4_e"
    assert abs(changes[0].nearest) < abs(rates[1, place])


def test_chunks_give_what_the_whole_gives(core, truth):
    table = table_of(core, truth)
    fitted, whole = reconcile(core, table, ReconcileOptions(ranges=False))
    part = fitted.run(table.first(10))
    assert part.fluxes.to_numpy() == pytest.approx(whole.fluxes.to_numpy()[:10], abs=1e-9)
    assert part.intervals.low == pytest.approx(whole.intervals.low[:10], abs=1e-9)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"composition": "elementary"}, "did you mean 'elemental'"),
        ({"energy": "kept"}, "did you mean 'keep'"),
        ({"gamma": -1.0}, "`gamma` is -1"),
        ({"gamma": 4.2, "composition": "fixed"}, "belongs to an elemental composition"),
        ({"gamma_std": 0.0}, "`gamma_std` is 0"),
    ],
)
def test_bad_options_are_refused(options, message):
    with pytest.raises(InputError, match=message):
        ReconcileOptions(**options)


def test_what_is_not_measured_cannot_be_hidden(core, truth):
    table = table_of(core, truth[:3])
    with pytest.raises(InputError, match="'EX_for_e' is no measured rate of this file"):
        Reconciler(core, table, ReconcileOptions(hide=("EX_for_e",)))
    with pytest.raises(TableError, match="`hide`"):
        Reconciler(core, table, ReconcileOptions(hide=("nonsense",)))


@pytest.mark.skipif(CHEMOSTATS not in os.environ, reason=f"{CHEMOSTATS} does not name a table of chemostats")
def test_published_chemostats_give_co2_and_composition(core):
    rates = read_rates(core, pd.read_csv(os.environ[CHEMOSTATS]))
    fitted, found = reconcile(core, rates, ReconcileOptions(hide=("EX_co2_e",), ranges=False))
    column = found.intervals.reactions.index("EX_co2_e")
    hidden = found.hidden["EX_co2_e"]
    error = np.abs(found.intervals.value[:, column] / hidden - 1)
    inside = (found.intervals.low[:, column] <= hidden) & (hidden <= found.intervals.high[:, column])
    assert error.mean() < 0.05
    assert inside.sum() >= 11
    assert 33 < fitted.fitted.composition.alpha < 38.5
    assert 7.5 < fitted.fitted.composition.beta < 8.1


def test_ends_of_intervals_are_reported_one_by_one(core, truth):
    calls: list[tuple[int, int]] = []
    table = table_of(core, truth)
    fitted, found = reconcile(core, table, progress=lambda *call: calls.append(call))
    total = calls[0][1]
    assert calls == [(done, total) for done in range(total)]
    again = fitted.run(table, progress=False)
    assert np.array_equal(found.intervals.low, again.intervals.low, equal_nan=True)


@pytest.mark.parametrize(
    "hide", [("EX_glc__D_e",), ("growth",), ("EX_o2_e",), ("EX_nh4_e", "EX_co2_e"), ("mu", "EX_nh4_e")], ids=" ".join
)
def test_what_is_withheld_from_rates_that_close_comes_back(core, truth, hide):
    """What is withheld was there: open both ways, an unknown; the balances give it back."""
    table = table_of(core, truth[:6], noise=0.0)
    fitted, found = reconcile(core, table, ReconcileOptions(composition="fixed", hide=hide, ranges=False))
    assert len(fitted.hide) == len(hide)
    for name in fitted.hide:
        column = found.intervals.reactions.index(name)
        assert set(found.intervals.status[:, column]) == {"determined"}
        observed = truth[:6, core.reaction_index(name)]
        assert found.intervals.value[:, column] == pytest.approx(observed, rel=3e-3)
        assert (found.intervals.low[:, column] < observed).all()
        assert (observed < found.intervals.high[:, column]).all()
    assert not (found.errors.suspect_p < 0.01).any()


def test_what_the_rest_cannot_tell_is_a_range_and_no_number(core, truth):
    hide = ("EX_glc__D_e", "EX_o2_e", "EX_co2_e")
    found = reconcile(core, table_of(core, truth[:3]), ReconcileOptions(composition="fixed", hide=hide))[1].intervals
    for name in hide:
        column = found.reactions.index(name)
        assert np.isnan(found.value[:, column]).all()
        assert set(found.status[:, column]) <= {"bounded", "free"}
        true = truth[:3, core.reaction_index(name)]
        assert (found.low[:, column] <= true).all()
        assert (true <= found.high[:, column]).all()


@pytest.mark.parametrize("scale", [0.3, 2.0])
def test_rates_in_another_measure_give_what_is_withheld_in_that_measure(core, truth, scale):
    table = table_of(core, truth[:4])
    scaled = RateTable(table.samples, table.reactions, scale * table.rates, scale * table.deviations)
    options = ReconcileOptions(composition="fixed", hide=("EX_glc__D_e",), ranges=False)
    once, again = (reconcile(core, rates, options)[1].fluxes["EX_glc__D_e"] for rates in (table, scaled))
    assert again.to_numpy() == pytest.approx(scale * once.to_numpy(), rel=1e-2)


@pytest.fixture(scope="module")
def labelled(core, truth):
    """Rates and fluxes inside, as isotope labelling gives them."""
    names = ("EX_glc__D_e", "EX_ac_e", core.growth_reaction, *INSIDE)
    rates = truth[:8, [core.reaction_index(name) for name in names]]
    noisy = rates * (1 + 0.03 * np.random.default_rng(2).standard_normal(rates.shape))
    return RateTable(tuple("abcdefgh"), names, noisy, 0.03 * np.abs(rates) + 0.02)


def test_fluxes_inside_are_measurements_like_any_other(core, truth, labelled):
    fitted, found = reconcile(core, labelled, ReconcileOptions(composition="fixed", ranges=False))
    assert set(INSIDE) < set(fitted.exchange_laws.names)
    assert np.abs(fitted.fitted_network.stoichiometry.to_scipy() @ found.fluxes.to_numpy().T).max() < 1e-8
    at = [core.reaction_index(name) for name in labelled.reactions]
    before = np.linalg.norm(labelled.rates - truth[:8, at])
    assert np.linalg.norm(found.fluxes.to_numpy()[:, at] - truth[:8, at]) < before
    assert (found.errors.p_value > 1e-3).all()
    assert (found.errors.freedom > 3).all()
    column = found.intervals.reactions.index("PGI")
    true = truth[:8, core.reaction_index("PGI")]
    inside = (found.intervals.low[:, column] <= true) & (true <= found.intervals.high[:, column])
    assert inside.mean() > 0.6


def test_reconciled_fluxes_inside_reconcile_to_themselves(core, labelled):
    options = ReconcileOptions(composition="fixed", ranges=False)
    once = reconcile(core, labelled, options)[1].fluxes[list(labelled.reactions)].to_numpy()
    again = RateTable(labelled.samples, labelled.reactions, once, labelled.deviations)
    twice = reconcile(core, again, options)[1].fluxes[list(labelled.reactions)].to_numpy()
    assert twice == pytest.approx(once, abs=3e-3)


def test_a_flux_inside_with_the_wrong_sign_is_named(core, labelled):
    rates, place = labelled.rates.copy(), labelled.reactions.index("PGI")
    rates[3, place] *= -1
    wrong = RateTable(labelled.samples, labelled.reactions, rates, labelled.deviations)
    suspects = reconcile(core, wrong, ReconcileOptions(composition="fixed", ranges=False))[1].suspects
    note = suspects["suspect_note"].iloc[3]
    assert note.startswith(f"PGI: {rates[3, place]:.3g} measured")
    assert note.endswith("from the others; the sign?")
    assert not suspects["suspect_note"].drop("d").str.endswith("sign?").any()


def test_a_flux_inside_can_be_withheld(core, truth, labelled):
    found = reconcile(core, labelled, ReconcileOptions(composition="fixed", hide=("GND",), ranges=False))[1]
    column = found.intervals.reactions.index("GND")
    assert found.intervals.value[:, column] == pytest.approx(truth[:8, core.reaction_index("GND")], rel=0.15, abs=0.05)


def test_growth_below_zero_is_noise_around_none(core, truth):
    table = table_of(core, truth[:4])
    rates, deviations = table.rates.copy(), table.deviations.copy()
    rates[2], deviations[2] = 0.001 * rates[2], 0.01
    rates[2, -1], deviations[2, -1] = -0.003, 0.003
    found = reconcile(core, RateTable(table.samples, table.reactions, rates, deviations))[1]
    assert found.status.iloc[2] == "optimal"
    assert 0.0 <= found.fluxes[core.growth_reaction].iloc[2] < 0.004
    assert (found.intervals.low[:, found.intervals.reactions.index(core.growth_reaction)] >= 0.0).all()
    assert found.errors.p_value[2] > 0.05


def test_maintenance_makes_no_atp_and_growth_demands_no_more_than_rates_leave(core, truth):
    """Cells that waste less than the model says: the demand of growth falls, the rates stay as they were measured."""
    table = table_of(core, truth, noise=0.0)
    rates = table.rates.copy()
    rates[:, table.reactions.index("EX_o2_e")] *= 0.7
    rates[:, table.reactions.index("EX_co2_e")] *= 0.7
    options = ReconcileOptions(ranges=False, hide=("EX_co2_e",))
    fitted, found = reconcile(core, RateTable(table.samples, table.reactions, rates, table.deviations), options)
    assert fitted.released > 1.0
    assert (found.fluxes["ATPM"] >= -1e-9).all()
    assert np.abs(fitted.fitted_network.stoichiometry.to_scipy() @ found.fluxes.to_numpy().T).max() < 1e-8
    assert fitted.fitted_network.biomass_content("C") == pytest.approx(fitted.fitted.composition.alpha, rel=1e-6)
    assert reconcile(core, table, options)[0].released == pytest.approx(0.0, abs=1e-3)
