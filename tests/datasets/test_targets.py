import numpy as np
import pandas as pd
import pytest
import torch

from metagnn.datasets import read_targets
from metagnn.errors import NetworkError, TableError
from metagnn.network import MetabolicNetwork

NAN, INF = float("nan"), float("inf")


def test_targets_take_their_places_and_leave_nan_elsewhere(core: MetabolicNetwork):
    table = pd.DataFrame(
        {"sample": ["a", "b"], "PGI": [1.0, NAN], "BIOMASS_Ecoli_core_w_GAM": [0.4, 0.5]}, index=[3, 7]
    )
    observed = read_targets(core, table, pd.Index([3, 7])).observed
    assert observed.shape == (2, 95)
    assert observed.dtype == torch.float64
    growth, pgi = core.reaction_index("Biomass_Ecoli_core"), core.reaction_index("PGI")
    assert observed[:, growth].tolist() == [0.4, 0.5]
    assert observed[0, pgi] == 1.0
    assert int((~torch.isnan(observed)).sum()) == 3


def test_labels_as_they_are_simulated_are_targets(core: MetabolicNetwork):
    table = pd.DataFrame(np.zeros((2, 95)), columns=list(core.reactions))
    table.insert(0, "status", ["optimal", "optimal"])
    assert not torch.isnan(read_targets(core, table, table.index).observed).any()


def test_growth_is_a_name_of_the_growth_reaction(core):
    table = pd.DataFrame({"growth": [0.5, 0.7], "PGI": [1.0, 2.0]})
    named = table.rename(columns={"growth": core.growth_reaction})
    assert torch.equal(
        read_targets(core, table, table.index).observed.nan_to_num(),
        read_targets(core, named, named.index).observed.nan_to_num(),
    )
    with pytest.raises(TableError, match="names 'Biomass_Ecoli_core' more than once"):
        read_targets(core, table.join(named[[core.growth_reaction]]), table.index)


@pytest.mark.parametrize(
    ("table", "error", "message"),
    [
        (pd.DataFrame({"PGJ": [1.0, 2.0]}), NetworkError, "'PGJ' is no reaction of e_coli_core; did you mean 'PG"),
        (pd.DataFrame({"PGI": [1.0]}), TableError, r"`targets` has other rows than `inputs` \(1 and 2\)"),
        (pd.DataFrame({"PGI": [1.0, 2.0]}, index=[1, 2]), TableError, "and lacks 0; expected the same index"),
        (pd.DataFrame({"PGI": [1.0, "x"]}), TableError, "column 'PGI', row 1: 'x' is no number"),
        (pd.DataFrame({"PGI": [1.0, -INF]}), TableError, "`targets` holds an infinite value"),
        (pd.DataFrame({"PGI": [NAN, NAN]}), TableError, "`targets` has no observed value: all are NaN"),
        (pd.DataFrame({"status": ["a", "b"]}), TableError, "`targets` has no observed value"),
        (pd.DataFrame(index=[0, 1]), TableError, "`targets` has no columns"),
        (pd.DataFrame([[1.0, 2.0]] * 2, columns=["PGI", "PGI"]), TableError, "`targets` names 'PGI' more than once"),
        (
            pd.DataFrame([[1.0, 2.0]] * 2, columns=["Biomass_Ecoli_core", "BIOMASS_Ecoli_core_w_GAM"]),
            TableError,
            "`targets` names 'Biomass_Ecoli_core' more than once",
        ),
    ],
)
def test_targets_that_cannot_be_used_are_refused(core: MetabolicNetwork, table, error, message):
    with pytest.raises(error, match=message):
        read_targets(core, table, pd.RangeIndex(2))
