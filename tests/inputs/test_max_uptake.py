import pandas as pd
import pytest
import torch

from metagnn.errors import TableError
from metagnn.inputs import read_conditions
from metagnn.network import MetabolicNetwork

NAN, INF = float("nan"), float("inf")


def media(**columns: object) -> pd.DataFrame:
    return pd.DataFrame({"EX_glc__D_e": [5.0, 10.0], "EX_o2_e": [20.0, 0.0]} | columns)


def test_media_become_the_bounds_of_their_exchanges_and_leave_the_others(core: MetabolicNetwork):
    table = media(sample=["a", "b"])
    conditions = read_conditions(core, table, "max_uptake")
    assert conditions.exchanges == ("EX_glc__D_e", "EX_o2_e")
    assert (conditions.measured, conditions.deviation) == (None, None)
    glucose, oxygen = core.reaction_index("EX_glc__D_e"), core.reaction_index("EX_o2_e")
    assert conditions.lower[:, glucose].tolist() == [-5.0, -10.0]
    assert conditions.lower[:, oxygen].tolist() == [-20.0, 0.0]
    others = [i for i in range(95) if i not in (glucose, oxygen)]
    assert torch.equal(conditions.lower[:, others], torch.tensor(core.bounds.lower)[others].expand(2, -1))
    assert torch.equal(conditions.upper, torch.tensor(core.bounds.upper).expand(2, -1))
    assert conditions.lower.dtype == conditions.upper.dtype == torch.float64


@pytest.mark.parametrize(("value", "what"), [(-1.0, "negative"), (NAN, "NaN")])
def test_uptakes_below_zero_and_missing_ones_are_refused(core: MetabolicNetwork, value, what):
    with pytest.raises(TableError, match=f"uptake of 'EX_ac_e' in row 1 is {what}"):
        read_conditions(core, media(EX_ac_e=[0.0, value]), "max_uptake")


def test_deviations_belong_to_rates_only(core: MetabolicNetwork):
    with pytest.raises(TableError, match="column 'EX_o2_e_std' is no exchange"):
        read_conditions(core, media(EX_o2_e_std=[1.0, 1.0]), "max_uptake")


def test_knockouts_close_the_bounds_of_their_samples(core: MetabolicNetwork):
    table = media(knockout=["PGI;b1779", NAN])
    conditions, wild_type = read_conditions(core, table, "max_uptake"), read_conditions(core, media(), "max_uptake")
    assert conditions.exchanges == ("EX_glc__D_e", "EX_o2_e")
    gone = [core.reaction_index("PGI"), core.reaction_index("GAPD")]
    others = [i for i in range(95) if i not in gone]
    for one, other in ((conditions.lower, wild_type.lower), (conditions.upper, wild_type.upper)):
        assert one[0, gone].tolist() == [0.0, 0.0]
        assert torch.equal(one[0, others], other[0, others])
        assert torch.equal(one[1], other[1])
    # The fit may have seen no knockout; a later table may bring one.
    assert read_conditions(core, table, "max_uptake", ("EX_glc__D_e", "EX_o2_e")).exchanges == conditions.exchanges


def test_unknown_knockouts_are_refused(core: MetabolicNetwork):
    with pytest.raises(TableError, match="column 'knockout', row 1: 'PGJ' is no reaction or gene of e_coli_core"):
        read_conditions(core, media(knockout=["PGI", "PGJ"]), "max_uptake")
