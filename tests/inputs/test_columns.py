import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from metagnn.errors import TableError
from metagnn.inputs import read_conditions
from metagnn.network import MetabolicNetwork
from metagnn.testing import random_network

NAN, INF = float("nan"), float("inf")


def media(**columns: object) -> pd.DataFrame:
    return pd.DataFrame({"EX_glc__D_e": [5.0, 10.0], "EX_o2_e": [20.0, 0.0]} | columns)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_the_order_of_the_columns_does_not_matter(seed):
    network, random = random_network(seed, 9, 18), np.random.default_rng(seed)
    table = pd.DataFrame(random.uniform(0, 10, (3, 3)), columns=list(network.exchanges))
    for kind in ("max_uptake", "rates"):
        one, other = (read_conditions(network, t, kind) for t in (table, table[table.columns[::-1]]))
        assert torch.equal(one.lower, other.lower)
        assert torch.equal(one.upper, other.upper)
        assert one.exchanges == other.exchanges[::-1]


@pytest.mark.parametrize("kind", ["max_uptake", "rates"])
@pytest.mark.parametrize(
    ("table", "message"),
    [
        (media(EX_glc_e=[1.0, 2.0]), "column 'EX_glc_e' is no exchange of e_coli_core; did you mean 'EX_glc__D_e'"),
        (pd.concat([media(), media()], axis=1), "column 'EX_glc__D_e' appears more than once"),
        (media(EX_ac_e=["1", "much"]), "column 'EX_ac_e', row 1: 'much' is no number"),
        (media(EX_ac_e=[1.0, INF]), "'EX_ac_e'.* is infinite"),
        (media()[:0], "`inputs` has no rows; expected one for every sample"),
        (pd.DataFrame(index=[0, 1]), "`inputs` has no columns"),
        (pd.DataFrame({"sample": ["a"], "status": ["optimal"]}), "`inputs` names no exchange"),
    ],
)
def test_tables_that_cannot_be_used_are_refused(core: MetabolicNetwork, table, message, kind):
    with pytest.raises(TableError, match=message):
        read_conditions(core, table, kind)


def test_later_tables_have_the_columns_of_the_first_in_any_order(core: MetabolicNetwork):
    expected = ("EX_o2_e", "EX_glc__D_e")
    assert read_conditions(core, media(), "max_uptake", expected).exchanges == ("EX_glc__D_e", "EX_o2_e")
    with pytest.raises(TableError, match="`inputs` lacks 'EX_ac_e'; expected the columns of the fit: EX_o2_e"):
        read_conditions(core, media(), "max_uptake", (*expected, "EX_ac_e"))
    with pytest.raises(TableError, match="`inputs` adds 'EX_ac_e'; expected the columns of the fit"):
        read_conditions(core, media(EX_ac_e=[1.0, 1.0]), "max_uptake", expected)
    with pytest.raises(TableError, match="`inputs` lacks 'EX_fru_e' and adds 'EX_o2_e'"):
        read_conditions(core, media(), "max_uptake", ("EX_glc__D_e", "EX_fru_e"))
