import copy
import pickle

import numpy as np
import pandas as pd
import pytest

from metagnn.analysis.reconciliation import ReconcileOptions, Reconciler, Reconciliation
from tests.analysis.reconciliation.true_rates import table_of, true_fluxes


@pytest.fixture(scope="module")
def fitted(core) -> Reconciler:
    return Reconciler(core, table_of(core, true_fluxes(core, 4)), ReconcileOptions(hide=("EX_co2_e",), ranges=False))


@pytest.fixture(scope="module")
def found(core, fitted) -> Reconciliation:
    return fitted.run(table_of(core, true_fluxes(core, 4)))


def test_tables_are_named_by_sample_and_reaction(core, found):
    for table in (found.fluxes, found.measured, found.deviations):
        assert list(table.columns) == list(core.reactions)
        assert list(table.index) == list(found.samples) == ["0", "1", "2", "3"]
    assert found.status.tolist() == ["optimal"] * 4
    assert list(found.hidden.columns) == ["EX_co2_e"]
    assert found.measured["EX_co2_e"].isna().all()
    assert found.hidden["EX_co2_e"].notna().all()


def test_the_interval_table_is_tidy_and_agrees_with_the_arrays(found):
    table = found.interval_table
    numbers = ["value", "low", "high", "range_min", "range_max"]
    assert list(table.columns) == ["sample", "reaction", "name", *numbers, "status"]
    assert set(table.loc[table["reaction"] == "EX_ac_e", "name"]) == {"Acetate"}
    wide = table.pivot(index="sample", columns="reaction", values="low")[list(found.intervals.reactions)]
    np.testing.assert_array_equal(wide.to_numpy(), found.intervals.low)
    one = table[(table["sample"] == "2") & (table["reaction"] == "EX_co2_e")].iloc[0]
    assert one["low"] <= one["value"] <= one["high"]


def test_closures_residuals_suspects_and_composition_have_names(found):
    assert list(found.closures.columns) == [(s, b) for s in ("before", "after") for b in ("C", "N", "electrons")]
    np.testing.assert_array_equal(found.closures["after"].to_numpy(), found.closures_after.to_numpy())
    assert list(found.residuals.columns) == list(found.errors.reactions)
    assert found.suspects["p_value"].tolist() == found.errors.p_value.tolist()
    assert found.composition.index.tolist() == ["alpha", "beta", "degree_of_reduction"]
    assert found.composition.loc["alpha", "value"] == found.fitted.composition.alpha
    assert (found.composition["low"] < found.composition["value"]).all()


def test_what_is_shown_is_short_and_says_what_was_found(found, fitted):
    assert repr(found).startswith("Reconciliation(4 samples, 4 optimal, Composition(alpha ")
    assert repr(fitted).startswith("Reconciler(e_coli_core, ")
    assert len(repr(found)) < 160
    for shown in (found, fitted, found.fitted.composition):
        assert "<table" in shown._repr_html_()
    assert found.summary["samples"] == "4 (4 optimal)"
    assert found.summary["withheld"] == "EX_co2_e"


def test_copies_and_pickles_are_equal(found):
    for again in (copy.deepcopy(found), pickle.loads(pickle.dumps(found))):
        pd.testing.assert_frame_equal(again.fluxes, found.fluxes, check_exact=True)
        pd.testing.assert_frame_equal(again.interval_table, found.interval_table, check_exact=True)
