import numpy as np
import pytest

from metagnn.analysis.reconciliation.exchange_laws import find_exchange_laws
from metagnn.analysis.reconciliation.stream_candidates import stream_candidates
from metagnn.datasets.rates import present_exchanges
from tests.analysis.reconciliation.true_rates import table_of, true_fluxes

NAMES = ("EX_glc__D_e", "EX_o2_e", "EX_co2_e", "EX_nh4_e")


@pytest.fixture(scope="module")
def candidates(core):
    laws = find_exchange_laws(core, present_exchanges(core, np.isin(np.array(core.reactions), NAMES)), "elemental")
    rates = table_of(core, true_fluxes(core, 3), noise=0.0, hidden=("EX_ac_e",)).on_network(core)[0][:, laws.indices]
    rates[:, laws.names.index("EX_nh4_e")] = 0.0
    return stream_candidates(laws, rates, np.zeros(3)), rates, laws


def test_every_measured_rate_and_every_closed_exchange_of_carbon_or_nitrogen_is_tried(core, candidates):
    found, _, laws = candidates
    by_name = dict(zip(found.reactions, range(len(found.reactions)), strict=True))
    assert {n for n, i in by_name.items() if found.measured[i]} == {*NAMES[:3], core.growth_reaction}
    assert {n for n, i in by_name.items() if found.zero[i]} == {"EX_nh4_e"}
    assert {"EX_etoh_e", "EX_gln__L_e"} <= set(by_name)
    assert found.common[by_name["EX_etoh_e"]]
    assert not found.common[by_name["EX_gln__L_e"]]
    np.testing.assert_allclose(found.contents[:, by_name["EX_etoh_e"]], [2.0, 0.0, 12.0])
    assert found.streams.columns.shape == (len(laws.matrix), len(found.reactions))


def test_a_unit_of_a_closed_exchange_carries_the_carbon_taken_up(candidates):
    found, rates, laws = candidates
    ethanol = found.reactions.index("EX_etoh_e")
    uptake = -6 * rates[:, laws.names.index("EX_glc__D_e")]
    np.testing.assert_allclose(2 * found.streams.scales[:, ethanol], uptake)
    np.testing.assert_allclose(found.shares(found.streams.scales[:, ethanol], ethanol)[0], 1.0)
    assert found.shares(np.full(3, np.nan), ethanol).tolist() == [0.0, 0.0, 0.0]
