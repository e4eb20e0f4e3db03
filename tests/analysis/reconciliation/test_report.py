import json

import numpy as np
import pytest

from metagnn.analysis.reconciliation import ReconcileOptions, reconcile
from metagnn.analysis.reconciliation import report as module
from metagnn.analysis.reconciliation.report import (
    ReportTotals,
    hidden_scores,
    intervals_table,
    reconciled_table,
    samples_table,
)
from tests.analysis.reconciliation.true_rates import table_of, true_fluxes


@pytest.fixture(scope="module")
def reconciled(core):
    table = table_of(core, true_fluxes(core, 20))
    return table, *reconcile(core, table, ReconcileOptions(hide=("EX_co2_e",), ranges=False))


def test_chunks_add_up_to_the_report_of_the_whole(reconciled):
    table, fitted, whole = reconciled
    once, twice = ReportTotals(fitted, ()), ReportTotals(fitted, ())
    once.add(whole)
    rows = [slice(0, 7), slice(7, 20)]
    for part in rows:
        chunk = type(table)(table.samples[part], table.reactions, table.rates[part], table.deviations[part])
        twice.add(fitted.run(chunk))
    assert _near(twice.document(), once.document())
    assert once.document()["samples"] == 20


def _near(one, other) -> bool:
    """The same documents but for rounding, which the size of a batch may change."""
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(_near(one[key], other[key]) for key in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(_near, one, other))
    return one == pytest.approx(other, rel=1e-6, abs=1e-9) if isinstance(one, float) else one == other


def test_json_knows_no_nan(reconciled):
    _, fitted, found = reconciled
    totals = ReportTotals(fitted, ())
    totals.add(found)
    document = totals.document()
    json.dumps(document, allow_nan=False)
    assert set(document["hidden"]) == {"EX_co2_e"}
    assert document["status"] == {"optimal": 20}


def test_only_some_samples_are_listed_one_by_one(reconciled, monkeypatch):
    monkeypatch.setattr(module, "MOST_SAMPLES", 5)
    _, fitted, found = reconciled
    totals = ReportTotals(fitted, ())
    totals.add(found)
    totals.add(found)
    document = totals.document()
    assert len(document["by_sample"]) == 5
    assert document["samples"] == 40


def test_tables_have_a_row_for_every_sample_and_flux(core, reconciled):
    _, fitted, found = reconciled
    fluxes, intervals = reconciled_table(found), intervals_table(found)
    samples = samples_table(found, fitted.measured)
    assert list(fluxes.columns) == ["sample", "status", *core.reactions]
    assert fluxes.drop(columns=["sample", "status"]).to_numpy() == pytest.approx(found.fluxes.to_numpy())
    wide = intervals.pivot(index="sample", columns="reaction", values="value").loc[list(found.samples)]
    assert wide[list(found.intervals.reactions)].to_numpy() == pytest.approx(found.intervals.value)
    assert len(samples) == len(fluxes) == 20
    checked = {name.removeprefix("residual_") for name in samples.columns if name.startswith("residual_")}
    assert checked == {"EX_glc__D_e", "EX_o2_e", "EX_nh4_e", "EX_ac_e", core.growth_reaction}


def test_a_chunk_in_which_nothing_checks_a_rate_has_the_columns_of_the_others(core, reconciled):
    table, fitted, found = reconciled
    rates = table.rates.copy()
    rates[:, table.reactions.index("EX_nh4_e")] = np.nan
    gap = fitted.run(type(table)(table.samples, table.reactions, rates, table.deviations))
    samples = samples_table(gap, fitted.measured)
    assert list(samples.columns) == list(samples_table(found, fitted.measured).columns)
    assert samples["residual_EX_nh4_e"].isna().all()


def test_scores_of_a_withheld_rate_by_hand():
    observed, value = np.array([10.0, 20.0, np.nan, 4.0]), np.array([11.0, 18.0, 5.0, np.nan])
    low, high = np.array([9.0, 19.0, 4.0, 0.0]), np.array([13.0, 21.0, 6.0, np.inf])
    scores = hidden_scores([np.stack([observed, value, low, high], axis=1)])
    assert scores["samples"] == 3
    assert scores["undetermined"] == 1
    assert scores["mean_relative_error"] == pytest.approx(0.1)
    assert scores["worst_relative_error"] == pytest.approx(0.1)
    # A range that holds the rate covers it; a value without an interval around it does not count as narrow.
    assert scores["covered_90"] == 3
    assert scores["median_half_width_90"] == pytest.approx((2 / 11 + 1 / 18) / 2)
    nothing = hidden_scores([np.full((2, 4), np.nan)])
    assert (nothing["samples"], nothing["mean_relative_error"], nothing["median_half_width_90"]) == (0, None, None)
