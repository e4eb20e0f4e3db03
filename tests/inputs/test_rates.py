import numpy as np
import pandas as pd
import pytest
import torch

from metagnn.errors import TableError
from metagnn.inputs import read_conditions
from metagnn.network import MetabolicNetwork

NAN, INF = float("nan"), float("inf")


def rates(**columns: object) -> pd.DataFrame:
    return pd.DataFrame({"EX_glc__D_e": [-5.0, -10.0], "EX_ac_e": [2.0, NAN]} | columns)


def test_rates_are_measured_with_five_percent_and_at_least_a_hundredth(core: MetabolicNetwork):
    conditions = read_conditions(core, rates(EX_o2_e=[-0.1, 0.0]), "rates")
    assert conditions.measured is not None
    assert conditions.deviation is not None
    columns = [core.reaction_index(name) for name in ("EX_glc__D_e", "EX_ac_e", "EX_o2_e")]
    assert np.array_equal(conditions.measured[:, columns], [[-5.0, 2.0, -0.1], [-10.0, NAN, 0.0]], equal_nan=True)
    assert np.allclose(conditions.deviation[:, columns], [[0.25, 0.1, 0.01], [0.5, NAN, 0.01]], equal_nan=True)
    others = [i for i in range(95) if i not in columns]
    assert torch.isnan(conditions.measured[:, others]).all()
    assert torch.isnan(conditions.deviation[:, others]).all()


def test_given_deviations_are_taken_and_gaps_in_them_filled(core: MetabolicNetwork):
    table = rates(EX_ac_e_std=[0.7, NAN], EX_glc__D_e_std=[NAN, 3.0])
    conditions = read_conditions(core, table, "rates")
    columns = [core.reaction_index(name) for name in ("EX_glc__D_e", "EX_ac_e")]
    assert conditions.exchanges == ("EX_glc__D_e", "EX_ac_e")
    assert conditions.deviation is not None
    assert np.allclose(conditions.deviation[:, columns], [[0.25, 0.7], [3.0, NAN]], equal_nan=True)


def test_bounds_make_room_for_what_was_measured_and_never_shrink(core: MetabolicNetwork):
    # Fructose is closed in the network, and glucose beyond what it allows.
    table = pd.DataFrame({"EX_fru_e": [-3.0, NAN], "EX_glc__D_e": [-12.0, -2.0]})
    conditions = read_conditions(core, table, "rates")
    fructose, glucose = core.reaction_index("EX_fru_e"), core.reaction_index("EX_glc__D_e")
    assert conditions.lower[:, fructose].tolist() == pytest.approx([-3.0 - 4 * 0.15, 0.0])
    assert conditions.lower[:, glucose].tolist() == pytest.approx([-12.0 - 4 * 0.6, -10.0])
    assert bool((conditions.lower <= torch.tensor(core.bounds.lower)).all())
    assert bool((conditions.upper >= torch.tensor(core.bounds.upper)).all())
    assert conditions.lower.isfinite().all()


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (rates(EX_co2_e_std=[1.0, 1.0]), "column 'EX_co2_e_std' holds standard deviations; expected one for each of"),
        (rates(EX_ac_e_std=[0.1, 0.0]), "column 'EX_ac_e_std' holds a value that is not positive and finite"),
        (rates(EX_ac_e_std=[0.1, INF]), "column 'EX_ac_e_std' holds a value that is not positive and finite"),
        (rates(EX_glc__D_e=[-5.0, NAN]), "`inputs` has no measured rate in row 1; expected at least one"),
        (pd.concat([rates(EX_ac_e_std=[1, 1]), pd.DataFrame({"EX_ac_e_std": [1, 1]})], axis=1), "'EX_ac_e_std' holds"),
    ],
)
def test_rates_that_cannot_be_used_are_refused(core: MetabolicNetwork, table, message):
    with pytest.raises(TableError, match=message):
        read_conditions(core, table, "rates")
