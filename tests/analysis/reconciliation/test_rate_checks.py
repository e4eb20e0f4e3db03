import numpy as np
import pytest

from metagnn.analysis.reconciliation import ReconcileOptions
from metagnn.analysis.reconciliation.exchange_laws import find_exchange_laws
from metagnn.analysis.reconciliation.missing_streams import Explanation, MissingStream
from metagnn.analysis.reconciliation.rate_checks import RateChecks, check_rates, stream_in_words, suspect_in_words
from metagnn.analysis.reconciliation.unit_suspects import FACTORS, TURNED, UnitSuspect
from metagnn.datasets.rates import RateTable, present_exchanges
from tests.analysis.reconciliation.true_rates import MEASURED, table_of, true_fluxes

CO2 = Explanation("EX_co2_e", 6.0, 0.5, 2.0, 80.0)
ETHANOL = Explanation("EX_etoh_e", 3.04, 0.52, None, 79.0)


def test_what_is_missing_is_a_sentence_with_size_causes_and_advice(core):
    said = stream_in_words(core, MissingStream("C", 0.231, (), (CO2,), (ETHANOL,), 1e-5))
    assert said == (
        "23 % of the carbon is missing: CO2 (EX_co2_e) measured too low (× 2 closes), or a product not measured: "
        "Ethanol (EX_etoh_e) at 3 ± 0.5 mmol/gDW/h; try `--present EX_etoh_e`"
    )


def test_what_is_too_much_and_where_is_said(core):
    source = Explanation("EX_gln__L_e", -0.4, 0.1, None, 30.0)
    said = stream_in_words(core, MissingStream("N", -0.4, tuple("abcdefgh"), (), (source,), 1e-5))
    assert said.startswith("40 % more nitrogen leaves than enters in sample a, b, c, d, e, f and 2 more: a source not")
    zero = Explanation("EX_o2_e", -13.0, 1.0, np.inf, 30.0)
    said = stream_in_words(core, MissingStream("electrons", 0.29, (), (zero,), (), 1e-5))
    assert said == "29 % of the electrons are missing: O2 (EX_o2_e) measured as 0 (-13 ± 1 mmol/gDW/h closes)"


def test_a_wrong_sign_is_called_so(core):
    said = suspect_in_words(core, UnitSuspect("EX_glc__D_e", TURNED, FACTORS[TURNED], 97.8, 0.08))
    assert said.startswith("D-Glucose (EX_glc__D_e) may have the opposite sign (uptake is below zero, secretion above)")


@pytest.fixture(scope="module")
def laws(core):
    present = present_exchanges(core, np.isin(np.array(core.reactions), MEASURED))
    return {kind: find_exchange_laws(core, present, kind) for kind in ("elemental", "fixed")}


def turned(table: RateTable, reaction: str, factor: float) -> RateTable:
    scale = np.where(np.array(table.reactions) == reaction, factor, 1.0)
    return RateTable(table.samples, table.reactions, table.rates * scale, table.deviations * np.abs(scale))


@pytest.mark.parametrize("reaction", ["EX_glc__D_e", "EX_co2_e", "EX_nh4_e"])
def test_a_column_with_the_wrong_sign_is_named(core, laws, reaction):
    table = turned(table_of(core, true_fluxes(core, 12), noise=0.03), reaction, -1.0)
    checks = check_rates(laws["elemental"], table, ReconcileOptions())
    assert (checks.suspects[0].reaction, checks.suspects[0].factor) == (reaction, TURNED)
    assert checks.missing == ()


def test_the_same_is_found_whatever_the_composition(core, laws):
    table = turned(table_of(core, true_fluxes(core, 12), noise=0.03), "EX_co2_e", 0.5)
    elemental = check_rates(laws["elemental"], table, ReconcileOptions())
    assert check_rates(laws["fixed"], table, ReconcileOptions(composition="fixed")) == elemental
    assert elemental.missing[0].scaled[0].reaction == "EX_co2_e"


def test_nothing_is_said_of_rates_that_close(core, laws):
    checks = check_rates(laws["elemental"], table_of(core, true_fluxes(core, 12)), ReconcileOptions())
    assert checks == RateChecks()
