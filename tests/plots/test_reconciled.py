import numpy as np
import pytest

from metagnn.analysis.reconciliation import ReconcileOptions, Reconciliation, reconcile
from metagnn.errors import InputError
from metagnn.network import MetabolicNetwork
from metagnn.plots import ReconciledRate, draw_reconciliation, plot_reconciled
from metagnn.plots.reconciled import MOST_COLOURED, reconciled_rates
from tests.analysis.reconciliation.true_rates import table_of, true_fluxes


@pytest.fixture(scope="module")
def found(core: MetabolicNetwork) -> Reconciliation:
    options = ReconcileOptions(hide=("EX_co2_e",), ranges=False)
    return reconcile(core, table_of(core, true_fluxes(core, 6), noise=0.03), options)[1]


def rate(hidden: bool = False, sign: float = 1.0) -> ReconciledRate:
    values = sign * np.array([1.0, 2.0, np.nan])
    return ReconciledRate(values, 1.1 * values, 1.0 * values, 1.2 * values, hidden)


def test_withheld_rates_come_first_and_say_so():
    ax = plot_reconciled({"EX_o2_e": rate(sign=-1.0), "EX_co2_e": rate(hidden=True)})
    texts = [text.get_text() for text in ax.get_legend().get_texts()]
    assert texts == ["EX_co2_e (withheld)", "EX_o2_e"]


def test_points_are_magnitudes_that_are_known():
    ax = plot_reconciled({"EX_o2_e": rate(sign=-1.0)})
    line = next(line for line in ax.lines if line.get_marker() == "o")
    assert line.get_xdata().tolist() == [1.0, 2.0]
    assert line.get_ydata() == pytest.approx([1.1, 2.2])


def test_nothing_to_draw_is_said_and_shapes_are_checked():
    nothing = np.full(2, np.nan)
    ax = plot_reconciled({"EX_o2_e": ReconciledRate(nothing, nothing, nothing, nothing)})
    assert "no rate" in ax.texts[0].get_text()
    with pytest.raises(InputError, match="differ in shape"):
        plot_reconciled({"EX_o2_e": ReconciledRate(nothing, nothing, nothing, np.zeros(3))})


def test_what_has_no_colour_of_its_own_is_counted_once():
    ax = plot_reconciled({f"EX_{number}": rate() for number in range(MOST_COLOURED + 3)})
    texts = [text.get_text() for text in ax.get_legend().get_texts()]
    assert texts == [*(f"EX_{number}" for number in range(MOST_COLOURED)), "3 more"]


def test_measured_exchanges_are_taken_from_a_reconciliation(core: MetabolicNetwork, found: Reconciliation):
    rates = reconciled_rates(core, found)
    assert core.growth_reaction not in rates
    assert {name for name, rate in rates.items() if rate.hidden} == {"EX_co2_e"}
    assert np.array_equal(rates["EX_co2_e"].measured, found.hidden["EX_co2_e"])
    assert np.array_equal(rates["EX_o2_e"].measured, found.measured["EX_o2_e"])
    assert rates["EX_o2_e"].value == pytest.approx(found.fluxes["EX_o2_e"].to_numpy())


def test_the_picture_of_a_reconciliation_says_what_was_withheld(core: MetabolicNetwork, found: Reconciliation):
    left, right = draw_reconciliation(core, found).axes
    assert left.get_title() == "measured: with the biomass of e_coli_core, without EX_co2_e"
    assert "EX_co2_e (withheld)" in [text.get_text() for text in right.get_legend().get_texts()]


def test_colours_go_to_the_largest_rates():
    small, large = rate(), ReconciledRate(*(10.0 * values for values in (rate().measured,) * 4))
    ax = plot_reconciled({"EX_ac_e": small, "EX_o2_e": large, "EX_co2_e": rate(hidden=True)})
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["EX_co2_e (withheld)", "EX_o2_e", "EX_ac_e"]
