import copy
import pickle

import numpy as np
import pandas as pd
import pytest

from metagnn.datasets.rates import RateReader, RateTable, read_rates
from metagnn.errors import InputError

TABLE = pd.DataFrame({"mu [1/h]": [0.4, 0.5], "EX_ac_e": [np.nan, 2.0], "EX_ac_e_std": [np.nan, 0.1]})


@pytest.fixture
def rates(core) -> RateTable:
    return read_rates(core, TABLE)


def same(one: RateTable, other: RateTable) -> bool:
    arrays = all(
        np.array_equal(a, b, equal_nan=True) for a, b in ((one.rates, other.rates), (one.deviations, other.deviations))
    )
    return arrays and (one.samples, one.reactions, one.columns) == (other.samples, other.reactions, other.columns)


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda value: pickle.loads(pickle.dumps(value))])
def test_copies_are_equal_and_apart(core, rates, copied):
    other = copied(rates)
    assert same(rates, other)
    other.rates[:] = 0.0
    assert not same(rates, other)
    reader = copied(RateReader(core, list(TABLE)))
    assert same(reader.read(TABLE), rates)
    assert reader.column_descriptions() == rates.columns


def test_what_a_console_and_a_notebook_show(core, rates):
    assert repr(rates) == "RateTable(2 samples, 2 reactions, 1 values missing)"
    assert repr(RateReader(core, list(TABLE))) == "RateReader('e_coli_core', 2 quantities)"
    shown = rates._repr_html_()
    for text in (repr(rates), "EX_ac_e", "0.5", "growth", "1/h"):
        assert text in shown
    many = RateTable(tuple(map(str, range(500))), ("EX_a",), np.ones((500, 1)), np.ones((500, 1)))
    assert len(many._repr_html_()) < 5000


def test_dropped_reactions_and_rows_leave_the_others(rates):
    assert same(rates.without(()), rates)
    assert rates.without(("EX_ac_e",)).reactions == (rates.reactions[0],)
    assert rates.first(1).samples == rates.samples[:1]
    with pytest.raises(InputError, match="`hide`: 'EX_ac' is no measured rate of this file; did you mean 'EX_ac_e'"):
        rates.without(("EX_ac",))


def test_a_rate_without_a_positive_deviation_is_refused():
    with pytest.raises(InputError, match="with a positive deviation wherever there is a rate"):
        RateTable(("a",), ("EX_a",), np.ones((1, 1)), np.zeros((1, 1)))
    with pytest.raises(InputError, match=r"`deviations` has shape \(2, 1\); expected \(1, 1\)"):
        RateTable(("a",), ("EX_a",), np.ones((1, 1)), np.ones((2, 1)))
