import numpy as np
import pytest

from metagnn.analysis.reconciliation import ReconcileOptions, reconcile
from metagnn.analysis.reconciliation.chunk_summary import GROSS, ChunkSummary
from tests.analysis.reconciliation.true_rates import table_of, true_fluxes


@pytest.fixture(scope="module")
def found(core):
    table = table_of(core, true_fluxes(core, 15))
    table.rates[3, table.reactions.index("EX_o2_e")] *= 4
    return reconcile(core, table, ReconcileOptions(composition="fixed", hide=("EX_co2_e",), ranges=False))[1]


def test_what_is_written_comes_back_to_the_last_bit(found):
    summary = ChunkSummary.from_reconciliation(found, [{"sample": "0", "p_value": None}], 5)
    again = ChunkSummary.from_bytes(summary.to_bytes())
    for name in ("counts", "samples", "changes"):
        assert getattr(again, name) == getattr(summary, name)
    for name in ("closures", "p_values"):
        np.testing.assert_array_equal(getattr(again, name), getattr(summary, name))
    np.testing.assert_array_equal(again.hidden["EX_co2_e"], summary.hidden["EX_co2_e"])


def test_everything_is_counted_once(found):
    summary = ChunkSummary.from_reconciliation(found, [], 1000)
    assert sum(summary.counts["status"].values()) == 15
    assert sum(summary.counts["suspects"].values()) == (found.errors.suspect_p < GROSS).sum() > 0
    for name in found.intervals.reactions:
        assert sum(summary.counts[f"intervals of {name}"].values()) == 15
    assert (
        len(ChunkSummary.from_reconciliation(found, [], 0).changes)
        == len(ChunkSummary.from_reconciliation(found, [], -3).changes)
        == 0
    )
