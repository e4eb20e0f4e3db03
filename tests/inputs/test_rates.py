import numpy as np
import pandas as pd
import pytest
import torch

from metagnn.errors import TableError
from metagnn.inputs import read_conditions
from metagnn.network import MetabolicNetwork
from metagnn.testing import assert_balanced
from tests.measured_cells import cell, small, wasteful

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


def test_growth_and_a_flux_inside_the_cell_may_be_inputs(core: MetabolicNetwork):
    conditions = read_conditions(core, rates(growth=[0.4, NAN], PGI=[2.0, 3.0], growth_std=[0.05, NAN]), "rates")
    assert conditions.exchanges == ("EX_glc__D_e", "EX_ac_e", core.growth_reaction, "PGI")
    growth, inner = core.reaction_index(core.growth_reaction), core.reaction_index("PGI")
    assert conditions.measured is not None
    assert conditions.deviation is not None
    assert np.array_equal(conditions.measured[:, [growth, inner]], [[0.4, 2.0], [NAN, 3.0]], equal_nan=True)
    assert np.allclose(conditions.deviation[:, [growth, inner]], [[0.05, 0.1], [NAN, 0.15]], equal_nan=True)
    named = read_conditions(core, rates(**{core.growth_reaction: [0.4, NAN]}, PGI=[2.0, 3.0]), "rates")
    assert named.exchanges == conditions.exchanges
    assert torch.equal(named.measured.nan_to_num(), conditions.measured.nan_to_num())


def test_the_columns_of_the_fit_are_asked_for_again_with_growth_among_them(core: MetabolicNetwork):
    expected = ("EX_glc__D_e", core.growth_reaction)
    table = pd.DataFrame({"growth": [0.3], "EX_glc__D_e": [-4.0]})
    read_conditions(core, table, "rates", expected)
    with pytest.raises(TableError, match=f"lacks '{core.growth_reaction}'"):
        read_conditions(core, table[["EX_glc__D_e"]], "rates", expected)
    with pytest.raises(TableError, match="adds 'PGI'"):
        read_conditions(core, table.assign(PGI=1.0), "rates", expected)
    with pytest.raises(TableError, match="more than once"):
        read_conditions(core, table.assign(**{core.growth_reaction: 0.3}), "rates")


def test_largest_uptakes_name_no_flux_inside_the_cell(core: MetabolicNetwork):
    with pytest.raises(TableError, match="column 'PGI' is a reaction of e_coli_core but no exchange; expected"):
        read_conditions(core, pd.DataFrame({"EX_glc__D_e": [5.0], "PGI": [1.0]}), "max_uptake")


def test_knockouts_close_reactions_whatever_was_measured(core: MetabolicNetwork):
    table = rates(knockout=["PGI", ""], PFK=[4.0, 5.0])
    conditions = read_conditions(core, table, "rates")
    inner = core.reaction_index("PGI")
    assert (conditions.lower[0, inner], conditions.upper[0, inner]) == (0.0, 0.0)
    assert conditions.upper[1, inner] == core.bounds.upper[inner]
    assert conditions.closed is not None
    assert conditions.closed[:, inner].tolist() == [True, False]
    assert int(conditions.closed.sum()) == 1
    assert conditions.exchanges == ("EX_glc__D_e", "EX_ac_e", "PFK")
    # A gene of the reaction closes the same.
    gene = read_conditions(core, rates(knockout=["b4025", ""]), "rates")
    assert torch.equal(gene.lower, read_conditions(core, rates(knockout=["PGI", ""]), "rates").lower)
    with pytest.raises(TableError, match="'PGJ'"):
        read_conditions(core, rates(knockout=["PGJ", ""]), "rates")


def test_growth_knockouts_and_an_inner_flux_are_learned_from_end_to_end():
    network = cell()
    _, truth, measured = wasteful(20)
    table = pd.DataFrame({"EX_a": truth["EX_a"], "growth": measured["growth"], "respire": measured["respire"]})
    model = small(network, "rates").fit(table, measured[["EX_b"]])
    _, unseen, known = wasteful(8, seed=9)
    asked = pd.DataFrame({"EX_a": unseen["EX_a"], "growth": known["growth"], "respire": known["respire"]})
    fluxes = model.predict(asked)
    assert_balanced(network, torch.from_numpy(fluxes.to_numpy()))
    assert model.errors_.loc["prediction", "left out"] < 0.15
    for name in ("EX_b", "growth", "respire", "ferment"):
        assert fluxes[name].sub(unseen[name]).abs().mean() < 0.1 * unseen[name].abs().mean(), name
    # A cell that cannot respire does not, though some rate of it was measured.
    less = model.predict(asked.assign(knockout="respire"))
    assert less["respire"].abs().max() <= 1e-9
    assert_balanced(network, torch.from_numpy(less.to_numpy()))
    low, high = model.predict_interval(asked, 0.8)
    assert (low <= fluxes + 1e-9).all(axis=None)
    assert (fluxes <= high + 1e-9).all(axis=None)
