import numpy as np
import pytest

from metagnn.analysis.reconciliation import ReconcileOptions, reconcile
from metagnn.analysis.reconciliation.exchange_laws import TRACE_STD
from metagnn.analysis.reconciliation.report import ReportTotals
from metagnn.datasets.rates import RateTable
from metagnn.network.metabolic_network import MetabolicNetwork
from metagnn.testing import toy_network

EXCHANGED = ("glc", "o2", "co2", "aa", "vit", "h2o", "h", "nh4")
FORMULAS = {
    "glc": "C6H12O6", "o2": "O2", "co2": "CO2", "aa": "C3H7NO2", "vit": "C10H10", "h2o": "H2O", "h": "H",
    "nh4": "H4N", "fat": "C16H32O2",
}  # fmt: skip


def auxotroph(with_formulas: bool = True) -> MetabolicNetwork:
    """Cells that need an amino acid and a trace of a vitamin, and can burn the amino acid."""
    equations = {f"EX_{name}": f"{name} <=>" for name in EXCHANGED} | {
        "burn_glc": "glc + 6 o2 -> 6 co2 + 6 h2o",
        "burn_aa": "aa + 3 o2 + h -> 3 co2 + nh4 + 2 h2o",
        "fat": "4 glc + o2 -> fat + 8 co2 + 8 h2o",
        "growth": "4 glc + 0.6 aa + 0.015 vit + 0.5 fat + 3 nh4 -> 3 h",
    }
    taken = ("glc", "o2", "h2o", "h", "nh4")
    bounds = {f"EX_{name}": (-1000.0 if name in taken else 0.0, 1000.0) for name in EXCHANGED}
    charges = {name: float(name in ("h", "nh4")) for name in FORMULAS}
    known = (FORMULAS, charges) if with_formulas else (None, None)
    return toy_network(equations, "growth", bounds, *known)


def rates(**columns: list[float]) -> RateTable:
    values = np.array(list(columns.values())).T
    names = tuple(name if name == "growth" else f"EX_{name}" for name in columns)
    return RateTable(tuple("abc"[: len(values)]), names, values, 0.05 * np.abs(values))


MEASURED = {"glc": [-5.0, -8.0, -12.0], "co2": [8.0, 12.0, 17.0], "growth": [0.3, 0.5, 0.8]}


@pytest.mark.parametrize("composition", ["fixed", "elemental"])
def test_what_growth_needs_beyond_the_measured_is_named_and_growth_stays(composition: str):
    options = ReconcileOptions(composition=composition, hide=("EX_co2",))
    fitted, found = reconcile(auxotroph(), rates(**MEASURED), options)
    assert found.fluxes["growth"].to_numpy() == pytest.approx(MEASURED["growth"], rel=0.02)
    assert np.isnan(found.intervals.value[:, found.intervals.reactions.index("EX_co2")]).all()
    assert any("cannot grow on what was measured: it needs 1 more" in note and "EX_aa" in note for note in found.notes)
    report = ReportTotals(fitted, ())
    report.add(found)
    assert "EX_aa" in report.document()["hidden"]["EX_co2"]["why_undetermined"]


def test_a_trace_is_as_wide_as_growth_needs_it_and_informs_no_composition():
    fitted, _ = reconcile(auxotroph(), rates(**MEASURED), ReconcileOptions(hide=("EX_co2",)))
    laws = fitted.exchange_laws
    std = laws.unmeasured_std[laws.names.index("EX_vit")]
    assert std == pytest.approx(0.015)
    assert std > TRACE_STD
    carbon, _, electrons = fitted.fitted.theta
    assert (carbon, electrons) == pytest.approx((0.0, 0.0), abs=1e-6)
    assert np.isnan(fitted.fitted.composition.alpha)


def test_rates_that_only_bounds_forbid_are_named():
    # Growth takes up more glucose than comes in; nothing measured checks this but the direction of burning.
    network = auxotroph()
    forbidden = rates(glc=[-1.0], growth=[0.3])
    _, found = reconcile(network, forbidden, ReconcileOptions(composition="fixed"))
    assert not found.errors.freedom.any()
    assert found.changes
    assert any("cannot reach the rates of sample a" in note for note in found.notes)
    assert not reconcile(network, rates(glc=[-8.0], growth=[0.3]), ReconcileOptions(composition="fixed"))[1].changes


def test_without_formulas_biomass_stays_as_it_is_and_the_notes_say_so():
    fitted, found = reconcile(auxotroph(with_formulas=False), rates(**MEASURED))
    assert fitted.options.composition == "fixed"
    assert any("no composition is fitted" in note and "toy has no C balance" in note for note in found.notes)
