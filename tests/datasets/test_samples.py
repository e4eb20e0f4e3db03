import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from metagnn.datasets.samples import check_kind

from metagnn.datasets import read_conditions, read_targets
from metagnn.errors import InputError, NetworkError, TableError
from metagnn.network import MetabolicNetwork
from metagnn.testing import random_network, toy_network

NAN, INF = float("nan"), float("inf")


def media(**columns: object) -> pd.DataFrame:
    return pd.DataFrame({"EX_glc__D_e": [5.0, 10.0], "EX_o2_e": [20.0, 0.0]} | columns)


def rates(**columns: object) -> pd.DataFrame:
    return pd.DataFrame({"EX_glc__D_e": [-5.0, -10.0], "EX_ac_e": [2.0, NAN]} | columns)


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


@pytest.mark.parametrize("kind", ["max_uptake", "rates"])
@pytest.mark.parametrize(
    ("table", "message"),
    [
        (media(EX_glc_e=[1.0, 2.0]), "column 'EX_glc_e' is no exchange of e_coli_core; did you mean 'EX_glc__D_e'"),
        (media(PGI=[1.0, 2.0]), "column 'PGI' is a reaction of e_coli_core but no exchange; expected exchanges only"),
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


@pytest.mark.parametrize(("value", "what"), [(-1.0, "negative"), (NAN, "NaN")])
def test_uptakes_below_zero_and_missing_ones_are_refused(core: MetabolicNetwork, value, what):
    with pytest.raises(TableError, match=f"uptake of 'EX_ac_e' in row 1 is {what}"):
        read_conditions(core, media(EX_ac_e=[0.0, value]), "max_uptake")


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


def test_deviations_belong_to_rates_only(core: MetabolicNetwork):
    with pytest.raises(TableError, match="column 'EX_o2_e_std' is no exchange"):
        read_conditions(core, media(EX_o2_e_std=[1.0, 1.0]), "max_uptake")


def test_later_tables_have_the_columns_of_the_first_in_any_order(core: MetabolicNetwork):
    expected = ("EX_o2_e", "EX_glc__D_e")
    assert read_conditions(core, media(), "max_uptake", expected).exchanges == ("EX_glc__D_e", "EX_o2_e")
    with pytest.raises(TableError, match="`inputs` lacks 'EX_ac_e'; expected the columns of the fit: EX_o2_e"):
        read_conditions(core, media(), "max_uptake", (*expected, "EX_ac_e"))
    with pytest.raises(TableError, match="`inputs` adds 'EX_ac_e'; expected the columns of the fit"):
        read_conditions(core, media(EX_ac_e=[1.0, 1.0]), "max_uptake", expected)
    with pytest.raises(TableError, match="`inputs` lacks 'EX_fru_e' and adds 'EX_o2_e'"):
        read_conditions(core, media(), "max_uptake", ("EX_glc__D_e", "EX_fru_e"))


def test_unknown_kinds_and_networks_without_exchanges_are_refused():
    with pytest.raises(InputError, match="`inputs`: 'rate' is no kind of input; did you mean 'rates'"):
        check_kind("rate")
    with pytest.raises(NetworkError, match="toy has no exchange reactions"):
        read_conditions(toy_network({"growth": "a ->"}, "growth"), media(), "max_uptake")


def test_targets_take_their_places_and_leave_nan_elsewhere(core: MetabolicNetwork):
    table = pd.DataFrame(
        {"sample": ["a", "b"], "PGI": [1.0, NAN], "BIOMASS_Ecoli_core_w_GAM": [0.4, 0.5]}, index=[3, 7]
    )
    observed = read_targets(core, table, pd.Index([3, 7]))
    assert observed.shape == (2, 95)
    assert observed.dtype == torch.float64
    growth, pgi = core.reaction_index("Biomass_Ecoli_core"), core.reaction_index("PGI")
    assert observed[:, growth].tolist() == [0.4, 0.5]
    assert observed[0, pgi] == 1.0
    assert int((~torch.isnan(observed)).sum()) == 3


def test_labels_as_they_are_simulated_are_targets(core: MetabolicNetwork):
    table = pd.DataFrame(np.zeros((2, 95)), columns=list(core.reactions))
    table.insert(0, "status", ["optimal", "optimal"])
    assert not torch.isnan(read_targets(core, table, table.index)).any()


def test_growth_is_a_name_of_the_growth_reaction(core):
    table = pd.DataFrame({"growth": [0.5, 0.7], "PGI": [1.0, 2.0]})
    named = table.rename(columns={"growth": core.growth_reaction})
    assert torch.equal(
        read_targets(core, table, table.index).nan_to_num(), read_targets(core, named, named.index).nan_to_num()
    )
    with pytest.raises(TableError, match="names 'Biomass_Ecoli_core' more than once"):
        read_targets(core, table.join(named[[core.growth_reaction]]), table.index)


@pytest.mark.parametrize(
    ("table", "error", "message"),
    [
        (pd.DataFrame({"PGJ": [1.0, 2.0]}), NetworkError, "'PGJ' is no reaction of e_coli_core; did you mean 'PG"),
        (pd.DataFrame({"PGI": [1.0]}), TableError, r"`targets` has other rows than `inputs` \(1 and 2\)"),
        (pd.DataFrame({"PGI": [1.0, 2.0]}, index=[1, 0]), TableError, "expected the same index"),
        (pd.DataFrame({"PGI": [1.0, "x"]}), TableError, "column 'PGI', row 1: 'x' is no number"),
        (pd.DataFrame({"PGI": [1.0, -INF]}), TableError, "`targets` holds an infinite value"),
        (pd.DataFrame({"PGI": [NAN, NAN]}), TableError, "`targets` observes nothing: every value is NaN"),
        (pd.DataFrame({"status": ["a", "b"]}), TableError, "`targets` observes nothing"),
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


def test_unknown_knockouts_and_those_beside_rates_are_refused(core: MetabolicNetwork):
    with pytest.raises(TableError, match="column 'knockout', row 1: 'PGJ' is no reaction or gene of e_coli_core"):
        read_conditions(core, media(knockout=["PGI", "PGJ"]), "max_uptake")
    with pytest.raises(TableError, match="column 'knockout' comes with measured rates; expected it with inputs of"):
        read_conditions(core, rates(knockout=["PGI", ""]), "rates")
