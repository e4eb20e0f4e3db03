import numpy as np

from metagnn.analysis.reconciliation.exchange_laws import find_exchange_laws
from metagnn.datasets.rates import present_exchanges
from tests.analysis.reconciliation.true_rates import MEASURED


def test_columns_are_those_of_laws_in_which_the_exchange_is_present(core):
    names = np.isin(np.array(core.reactions), [name for name in MEASURED if name != "EX_ac_e"])
    without = find_exchange_laws(core, present_exchanges(core, names), "fixed")
    names[core.reaction_index("EX_ac_e")] = True
    within = find_exchange_laws(core, present_exchanges(core, names), "fixed")
    closed = list(without.closed.indices).index(core.reaction_index("EX_ac_e"))
    extended = np.hstack([without.matrix, without.closed.columns[:, [closed]]])
    order = [*(list(within.indices).index(index) for index in without.indices)]
    order.append(list(within.indices).index(core.reaction_index("EX_ac_e")))
    # The same laws in another basis: they span the same rows.
    both = np.vstack([extended, within.matrix[:, order]])
    assert np.linalg.matrix_rank(both, tol=1e-7) == len(extended) == len(within.matrix)


def test_what_is_present_is_not_closed_and_what_nothing_can_balance_is_left_out(core):
    names = np.isin(np.array(core.reactions), MEASURED)
    laws = find_exchange_laws(core, present_exchanges(core, names), "fixed")
    closed = {core.reactions[index] for index in laws.closed.indices}
    assert not closed & set(laws.names)
    assert {"EX_etoh_e", "EX_lac__D_e"} <= closed
    everything = find_exchange_laws(core, np.ones(len(core.reactions), dtype=bool), "fixed")
    assert len(everything.closed.indices) == 0
