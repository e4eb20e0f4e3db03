import numpy as np
import pytest

from metagnn.datasets.rates import ExchangeNames, present_exchanges
from metagnn.errors import TableError
from metagnn.network import load_network
from metagnn.testing import toy_network


@pytest.fixture(scope="module")
def core():
    return load_network("e_coli_core")


def test_ids_and_names_of_every_exchange_find_it(core):
    names = ExchangeNames(core)
    for exchange, metabolite in names.metabolites.items():
        for subject in (exchange, metabolite.id, metabolite.id.removesuffix("_e"), metabolite.name):
            assert names.find(subject, "column") == exchange


@pytest.mark.parametrize(
    ("subject", "exchange"),
    [
        ("oxygen", "EX_o2_e"),
        ("Carbon dioxide", "EX_co2_e"),
        ("NH3", "EX_nh4_e"),
        ("lactic acid", "EX_lac__D_e"),
        ("glucose", "EX_glc__D_e"),
        ("Glc", "EX_glc__D_e"),
        ("C2H6O", "EX_etoh_e"),
        ("alpha-ketoglutarate", "EX_akg_e"),
    ],
)
def test_usual_names(core, subject, exchange):
    assert ExchangeNames(core).find(subject, "column") == exchange


def test_candidates_are_listed(core):
    with pytest.raises(TableError, match=r"'C6H12O6' may be EX_fru_e .* or EX_glc__D_e"):
        ExchangeNames(core).find("C6H12O6", "column")
    with pytest.raises(TableError, match="did you mean EX_succ_e"):
        ExchangeNames(core).find("sucinate", "column")


def test_minerals_are_present_and_carbon_sources_are_not(core):
    present = present_exchanges(core, np.zeros(95, dtype=bool))
    names = {core.reactions[index] for index in np.flatnonzero(present)}
    assert names == {"EX_co2_e", "EX_h_e", "EX_h2o_e", "EX_nh4_e", "EX_o2_e", "EX_pi_e"}
    measured = np.zeros(95, dtype=bool)
    measured[core.reaction_index("EX_ac_e")] = True
    assert present_exchanges(core, measured)[core.reaction_index("EX_ac_e")]


FREE_OF_CARBON = {
    "nh4": ("H4N", 1), "no3": ("NO3", -1), "so4": ("O4S", -2), "h2s": ("H2S", 0), "h2": ("H2", 0), "o2": ("O2", 0),
    "pi": ("HO4P", -2), "fe3": ("Fe", 3),
}  # fmt: skip


@pytest.mark.parametrize(
    ("medium", "absent"),
    [(FREE_OF_CARBON, {"no3", "h2s", "h2"}), (set(FREE_OF_CARBON) - {"nh4"}, {"h2s", "h2", "nh4"}), ({"no3"}, None)],
)
def test_what_carries_electrons_is_absent_where_its_elements_come_without(medium, absent):
    equations = {f"EX_{name}": f"{name} <=>" for name in FREE_OF_CARBON}
    bounds = {f"EX_{name}": (-10.0 if name in medium else 0.0, 1000.0) for name in FREE_OF_CARBON}
    network = toy_network(
        equations | {"growth": " + ".join(FREE_OF_CARBON) + " ->"},
        "growth",
        bounds,
        {name: formula for name, (formula, _) in FREE_OF_CARBON.items()},
        {name: charge for name, (_, charge) in FREE_OF_CARBON.items()},
    )
    present = present_exchanges(network, np.zeros(len(network.reactions), dtype=bool))
    expected = set(medium) if absent is None else set(FREE_OF_CARBON) - absent
    assert {network.reactions[i].removeprefix("EX_") for i in np.flatnonzero(present)} == expected
