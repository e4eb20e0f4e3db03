import dataclasses
import re

import numpy as np
import pytest

from metagnn.errors import TableError
from metagnn.network import MetabolicNetwork
from metagnn.network.elements import Metabolite
from metagnn.network.reader.formula import read_formula
from metagnn.network.vocabulary.compound import vocabulary
from metagnn.network.vocabulary.named_exchanges import NamedExchanges, identify, plain_name, resolved
from metagnn.testing import toy_network

# What e_coli_core exchanges, under the ids of other schemes; written by hand.
SCHEMES = {
    "EX_ac_e": ("cpd00029", "C00033", "MNXM26", "ACET", "acetate"),
    "EX_acald_e": ("cpd00071", "C00084", "MNXM75", "ACETALD", "acetaldehyde"),
    "EX_akg_e": ("cpd00024", "C00026", "MNXM20", "2_KETOGLUTARATE", "2-oxoglutarate"),
    "EX_co2_e": ("cpd00011", "C00011", "MNXM13", "CARBON_DIOXIDE", "carbon dioxide"),
    "EX_etoh_e": ("cpd00363", "C00469", "MNXM303", "ETOH", "ethanol"),
    "EX_for_e": ("cpd00047", "C00058", "MNXM39", "FORMATE", "formate"),
    "EX_fru_e": ("cpd00082", "C00095", "MNXM175", "FRU", "D-fructose"),
    "EX_fum_e": ("cpd00106", "C00122", "MNXM93", "FUM", "fumarate"),
    "EX_glc__D_e": ("cpd00027", "C00031", "MNXM41", "Glucopyranose", "D-glucose"),
    "EX_gln__L_e": ("cpd00053", "C00064", "MNXM37", "GLN", "L-glutamine"),
    "EX_glu__L_e": ("cpd00023", "C00025", "MNXM89557", "GLT", "L-glutamate"),
    "EX_h2o_e": ("cpd00001", "C00001", "MNXM2", "WATER", "H2O"),
    "EX_h_e": ("cpd00067", "C00080", "MNXM1", "PROTON", "H+"),
    "EX_lac__D_e": ("cpd00221", "C00256", "MNXM285", "D_LACTATE", "(R)-lactate"),
    "EX_mal__L_e": ("cpd00130", "C00149", "MNXM98", "MAL", "(S)-malate"),
    "EX_nh4_e": ("cpd00013", "C00014", "MNXM15", "AMMONIUM", "ammonium"),
    "EX_o2_e": ("cpd00007", "C00007", "MNXM4", "OXYGEN_MOLECULE", "oxygen"),
    "EX_pi_e": ("cpd00009", "C00009", "MNXM9", "CPD_16459", "phosphate"),
    "EX_pyr_e": ("cpd00020", "C00022", "MNXM23", "PYRUVATE", "pyruvate"),
    "EX_succ_e": ("cpd00036", "C00042", "MNXM25", "SUC", "succinate"),
}
NAMES = {
    "EX_glc__D_e": ("glucose", "Glc", "D-Glucose", "dextrose", "glc__D", "glc-D", "cpd00027", "C00031", "CHEBI:17634"),
    "EX_o2_e": ("O2", "oxygen", "o2", "Oxygen", "kegg.compound:C00007"),
    "EX_co2_e": ("CO2", "carbon dioxide", "co2", "Co2", "MNXM13"),
    "EX_nh4_e": ("NH4", "NH3", "ammonia", "ammonium", "NH4+", "nh4"),
    "EX_ac_e": ("acetate", "Ac", "acetic acid", "Acetate"),
    "EX_lac__D_e": ("lactate", "D-lactate", "(R)-lactate", "Lac", "D-lactic acid"),
    "EX_gln__L_e": ("Gln", "glutamine", "L-glutamine", "L-Gln"),
    "EX_glu__L_e": ("Glu", "glutamate", "glutamic acid"),
    "EX_akg_e": ("AKG", "alpha-ketoglutarate", "α-ketoglutarate", "2-oxoglutarate"),
    "EX_pi_e": ("phosphate", "Pi", "PO4", "PO4(3-)"),
    "EX_h_e": ("H+", "proton"),
    "EX_mal__L_e": ("malate", "L-malic acid"),
    "EX_etoh_e": ("EtOH", "ethanol", "C2H6O"),
    "EX_fru_e": ("fructose", "D-Fructose", "Fru"),
}


def renamed(network: MetabolicNetwork, of: dict[str, Metabolite]) -> MetabolicNetwork:
    """The network with other metabolites outside, by the id of the old ones."""
    table = tuple(of.get(metabolite.id, metabolite) for metabolite in network.metabolite_table)
    S = network.stoichiometry
    rows = tuple(metabolite.id for metabolite in table)
    return dataclasses.replace(
        network, stoichiometry=type(S).from_scipy(S.to_scipy(), rows, S.columns), metabolite_table=table
    )


def in_scheme(core: MetabolicNetwork, number: int, style: str) -> MetabolicNetwork:
    """Core in the ids of a scheme, without formulas, or in numbers with names or identifiers alone."""
    found = {}
    for position, (exchange, ids) in enumerate(SCHEMES.items()):
        old = core.exchange_names.metabolites[exchange].id
        name, place = ids[number], "e"
        if style == "id":
            found[old] = Metabolite(f"{name}_e0", "", "e0")
        elif style == "name":
            found[old] = Metabolite(f"s_{position:04}[e]", f"{name} [extracellular]", place)
        else:
            found[old] = Metabolite(f"x{position}_e", f"unnamed {position}", place, None, None, (f"{style}:{name}",))
    return renamed(core, found)


STYLES = [(0, "id"), (1, "id"), (2, "id"), (3, "id"), (4, "name"), (0, "seed"), (1, "kegg"), (2, "metanetx")]


@pytest.mark.parametrize(("number", "style"), STYLES)
def test_every_name_means_the_same_exchange_in_every_scheme(core: MetabolicNetwork, number: int, style: str):
    network = in_scheme(core, number, style)
    for exchange, spellings in NAMES.items():
        for spelling in spellings:
            # A formula needs formulas, which these networks lack.
            if spelling != "C2H6O":
                assert network.exchange_names.find(spelling, "x") == exchange, spelling
    for exchange, ids in SCHEMES.items():
        assert network.exchange_names.find(ids[0], "x") == exchange


def test_names_in_core_as_it_is(core: MetabolicNetwork):
    for exchange, spellings in NAMES.items():
        assert {core.exchange_names.find(spelling, "x") for spelling in spellings} == {exchange}


def test_order_of_reactions_and_metabolites_does_not_matter(core: MetabolicNetwork):
    S = core.stoichiometry.to_scipy()
    random = np.random.default_rng(0)
    rows, columns = random.permutation(S.shape[0]), random.permutation(S.shape[1])
    shuffled = dataclasses.replace(
        core,
        stoichiometry=type(core.stoichiometry).from_scipy(
            S.tocsr()[rows][:, columns],
            tuple(core.metabolites[row] for row in rows),
            tuple(core.reactions[column] for column in columns),
        ),
        bounds=dataclasses.replace(
            core.bounds,
            reactions=tuple(core.reactions[column] for column in columns),
            lower=core.bounds.lower[columns],
            upper=core.bounds.upper[columns],
        ),
        exchanges=tuple(random.permutation(core.exchanges).tolist()),
        metabolite_table=tuple(core.metabolite_table[row] for row in rows),
        reaction_table=tuple(core.reaction_table[column] for column in columns),
    )
    for spellings in NAMES.values():
        for spelling in spellings:
            assert shuffled.exchange_names.find(spelling, "x") == core.exchange_names.find(spelling, "x")


@pytest.fixture(scope="module")
def metals() -> MetabolicNetwork:
    equations = {f"EX_{name}": f"{name} <=>" for name in ("m1_e", "m2_e", "m3_e", "m4_e")}
    network = toy_network(equations | {"grow": "m1_e + m2_e + m3_e + m4_e ->"})
    named = ("Co2+-e0", "CO-e0", "NO-e0", "Fe3_plus__e0")
    table = {f"m{at + 1}_e": Metabolite(f"m{at + 1}_e", name, "e") for at, name in enumerate(named)}
    return renamed(network, table)


def test_a_name_never_means_another_compound(metals: MetabolicNetwork):
    names = metals.exchange_names
    for subject in ("CO2", "Co2", "co2", "carbon dioxide"):
        with pytest.raises(TableError, match="which is carbon dioxide; expected"):
            names.find(subject, "x")
    assert [names.find(text, "x") for text in ("Co2+", "cobalt", "Co", "CO", "NO", "iron")] == [
        *("EX_m1_e", "EX_m1_e", "EX_m1_e", "EX_m2_e", "EX_m3_e", "EX_m4_e")
    ]
    for number in ("no", "No", "no.", "nr"):
        assert not names.knows(number)


def test_a_formula_against_the_name_or_id_is_no_match():
    known = vocabulary()
    cobalt = Metabolite("co2_e", "CO2", "e", {"Co": 1.0})
    assert identify(cobalt, known) == frozenset()
    assert identify(dataclasses.replace(cobalt, formula=None), known) == {"co2"}
    # A wrong annotation does not beat an id and its formula.
    wrong = Metabolite("ac_e", "Acetate", "e", {"C": 2.0, "H": 3.0, "O": 2.0}, -1.0, ("kegg:C00031",))
    assert identify(wrong, known) == {"ac"}


def test_what_may_be_several_is_asked(core: MetabolicNetwork):
    equations = {f"EX_{name}": f"{name} <=>" for name in ("lac__D_e", "lac__L_e", "malt_e", "inost_e")}
    network = toy_network(
        equations | {"grow": "lac__D_e + lac__L_e + malt_e + inost_e ->"}, formulas={"inost_e": "C6H12O6"}
    )
    names = network.exchange_names
    with pytest.raises(TableError, match=r"column 'q': 'lactate' may be EX_lac__D_e or EX_lac__L_e; name the exchange"):
        names.find("lactate", "q")
    assert names.find("L-lactate", "q") == "EX_lac__L_e"
    assert names.find("Mal", "q") == "EX_malt_e"
    # One exchange of C6H12O6 proves nothing: it may be any of the hexoses.
    with pytest.raises(TableError, match="did you mean EX_inost_e"):
        names.find("C6H12O6", "q")
    with pytest.raises(TableError, match="which is D-glucose"):
        names.find("glucose", "q")


def test_halves_of_a_split_exchange_are_told_apart_by_direction():
    network = toy_network(
        {"glcI": "-> s1[e]", "glcO": "s1[e] ->", "acI": "-> s2[e]", "acO": "s2[e] ->", "grow": "s1[e] + s2[e] ->"}
    )
    named = {"s1[e]": "D-glucose [e]", "s2[e]": "acetate [e]"}
    network = dataclasses.replace(network, exchanges=("glcI", "glcO", "acI", "acO"))
    network = renamed(network, {name: Metabolite(name, text, "e") for name, text in named.items()})
    names = network.exchange_names
    assert [names.find("glucose", "x", way) for way in ("", "uptake", "secretion")] == ["glcI", "glcI", "glcO"]
    assert [names.find("acetate", "x", way) for way in ("", "uptake", "secretion")] == ["acO", "acI", "acO"]
    assert [names.sign(name, "uptake") for name in ("glcI", "glcO")] == [1.0, -1.0]


def test_media_are_read_by_name_and_two_columns_of_one_exchange_refused(core: MetabolicNetwork):
    wanted = ["EX_glc__D_e", "EX_o2_e", "EX_nh4_e"]
    for given in (
        ["glucose", "O2", "NH4"],
        ["qGlc", "OUR", "ammonia uptake rate"],
        ["glucose [mmol/gDW/h]", *wanted[1:]],
    ):
        assert resolved(core, given) == wanted
    assert resolved(core, wanted) == wanted
    with pytest.raises(TableError, match="columns 'glucose' and 'EX_glc__D_e' both name EX_glc__D_e"):
        resolved(core, ["glucose", "EX_glc__D_e"])
    with pytest.raises(TableError, match="columns 'glucose' and 'glc' both name EX_glc__D_e; expected one of them"):
        resolved(core, ["glucose", "glc"])
    with pytest.raises(TableError, match="'acetate production' names a production"):
        resolved(core, ["acetate production"])
    # An id of no exchange stays, for the message that lists the nearest.
    assert resolved(core, ["EX_glc_e", "PFK", "nonsense"]) == ["EX_glc_e", "PFK", "nonsense"]


def test_rates_by_name(core: MetabolicNetwork):
    names = core.exchange_names
    given = {"OUR": "EX_o2_e", "CER": "EX_co2_e", "mu": core.growth_reaction, "glucose consumption rate": "EX_glc__D_e"}
    for name, reaction in given.items():
        assert names.names_rate(name)
        assert names.of_rate(name, "`hide`") == reaction
    with pytest.raises(TableError, match="`hide`: no exchange of e_coli_core is 'sucrose', which is sucrose"):
        names.of_rate("sucrose", "`hide`")
    assert not names.names_rate("nonsense")


def test_what_cells_do_does_not_depend_on_the_medium(core: MetabolicNetwork):
    other = core.with_medium({"acetate": 10.0, "O2": 20.0})
    assert set(other.medium()) == {"EX_ac_e", "EX_o2_e"}
    for network in (core, other):
        ways = {
            name: network.exchange_names.direction(name) for name in ("EX_glc__D_e", "EX_ac_e", "EX_o2_e", "EX_co2_e")
        }
        assert list(ways.values()) == ["uptake", "secretion", "uptake", "secretion"]


def test_names_lose_what_older_files_add():
    atoms = read_formula("C2H3O2")
    for text in ("M_Acetate_C2H3O2", "Acetate C2H3O2", "Acetate-e0", "Acetate [extracellular]", "Acetate_e0"):
        assert plain_name(Metabolite("x", text, "e", atoms)) == "Acetate"
    # A last word that is another formula belongs to the name.
    assert plain_name(Metabolite("x", "Vitamin B12", "e", {"C": 63.0})) == "Vitamin B12"


def test_an_identifier_belongs_to_one_compound():
    known = vocabulary()
    assert len(known.compounds) > 120
    for compound in known.compounds.values():
        assert compound.formula, compound.id
        assert compound.id in known.by_name(compound.names[0]), compound.id
        assert known.by_id(compound.id) == compound.id
        assert re.fullmatch(r"uptake|secretion|", compound.direction)
        assert not compound.form_of or compound.form_of in known.compounds


def test_named_exchanges_of_a_network_are_found_once(core: MetabolicNetwork):
    assert core.exchange_names is core.exchange_names
    assert isinstance(core.exchange_names, NamedExchanges)
