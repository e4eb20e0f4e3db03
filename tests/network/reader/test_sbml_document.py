import cobra
import cobra.io
import pytest

from metagnn.errors import NetworkError
from metagnn.network import from_cobra
from metagnn.network.reader.assemble import assemble
from metagnn.network.reader.sbml_document import read_sbml

LEVEL_2 = """<?xml version="1.0" encoding="UTF-8"?>
<sbml xmlns="http://www.sbml.org/sbml/level2/version4" level="2" version="4"><model id="old">
<listOfCompartments><compartment id="c"/><compartment id="e"/></listOfCompartments>
<listOfSpecies>{species}</listOfSpecies><listOfReactions>{reactions}</listOfReactions></model></sbml>"""

FBC = """<?xml version="1.0" encoding="UTF-8"?>
<sbml xmlns="http://www.sbml.org/sbml/level3/version1/core" level="3" version="1"
 xmlns:fbc="http://www.sbml.org/sbml/level3/version1/fbc/version2" fbc:required="false">
<model id="m" fbc:strict="false">
<listOfCompartments><compartment id="c" constant="true"/></listOfCompartments>
<listOfSpecies><species id="M_a" compartment="c" hasOnlySubstanceUnits="false" boundaryCondition="false"
 constant="false"/></listOfSpecies>
<listOfParameters><parameter id="zero" value="0" constant="true"/></listOfParameters>
<listOfReactions>{reactions}</listOfReactions>{objectives}</model></sbml>"""


def species(name: str, words: str = "", boundary: str = "false", notes: str = "") -> str:
    place = name[-1] if name[-1] != "b" else "e"
    inner = f'<notes><html xmlns="http://www.w3.org/1999/xhtml">{notes}</html></notes>' if notes else ""
    return (
        f'<species id="M_{name}" name="{words or name}" compartment="{place}" boundaryCondition="{boundary}">'
        f"{inner}</species>"
    )


def reaction(name: str, left: str, right: str, values: tuple[float, float, float] | None, notes: str = "") -> str:
    sides = "".join(
        f'<{kind}><speciesReference species="M_{m}" stoichiometry="1"/></{kind}>' if m else ""
        for kind, m in (("listOfReactants", left), ("listOfProducts", right))
    )
    keys = ("LOWER_BOUND", "UPPER_BOUND", "OBJECTIVE_COEFFICIENT")
    stated = "".join(f'<parameter id="{k}" value="{v}"/>' for k, v in zip(keys, values or (), strict=bool(values)))
    law = (
        '<kineticLaw><math xmlns="http://www.w3.org/1998/Math/MathML"><ci>FLUX</ci></math><listOfParameters>'
        f'{stated}<parameter id="FLUX" value="0"/></listOfParameters></kineticLaw>'
    )
    inner = f'<notes><html xmlns="http://www.w3.org/1999/xhtml">{notes}</html></notes>' if notes else ""
    return f'<reaction id="R_{name}" reversible="{str(bool(values)).lower()}">{inner}{sides}{law}</reaction>'


def level_2() -> str:
    return LEVEL_2.format(
        species=species("glc_e", "glucose_C6H12O6")
        + species("glc_c", "glucose_C6H12O6")
        + species("glc_b", "glucose_C6H12O6", "true"),
        reactions=reaction("EX_glc_e", "glc_e", "glc_b", (-10, 999999, 0))
        + reaction("GLCt", "glc_e", "glc_c", (0, 999999, 0), "<p>GENE_ASSOCIATION: (g1 and g2) or G_g3</p>")
        + reaction("GROW", "glc_c", "", (0, 999999, 1), "<p>SUBSYSTEM: Growth: all of it</p>"),
    )


def test_level_2_with_boundary_species_notes_and_formulas_in_names():
    network = assemble(read_sbml(level_2().encode()))
    assert (network.id, network.metabolites, network.exchanges) == ("old", ("glc_e", "glc_c"), ("EX_glc_e",))
    assert network.medium() == {"EX_glc_e": 10.0}
    assert network.objective == {"GROW": 1.0}
    assert network.genes == ("g1", "g2", "g3")
    assert network.reaction_table[2].subsystem == "Growth: all of it"
    assert [m.formula for m in network.metabolite_table] == [{"C": 6.0, "H": 12.0, "O": 6.0}] * 2
    assert network.notes == (
        "bounds of 3 reactions (±999999) that no flux can reach, read as none",
        "formulas of 3 metabolites were taken from the ends of their names",
        "1 species outside the system ('glc_b') left out of the balances",
    )


def test_the_cobra_model_of_a_level_2_file_is_the_same_network(tmp_path):
    path = tmp_path / "old.xml"
    path.write_text(level_2())
    assert (
        from_cobra(cobra.io.read_sbml_model(str(path))).fingerprint
        == assemble(read_sbml(path.read_bytes())).fingerprint
    )


def test_names_without_formulas_are_no_formulas():
    names = ("Cytochrome_C", "water", "proton", "glucose")
    text = LEVEL_2.format(
        species="".join(species(f"m{i}_e", name) for i, name in enumerate(names)),
        reactions=reaction("EX_m0", "m0_e", "", (-1, 1, 0)),
    )
    assert all(m.formula is None for m in assemble(read_sbml(text.encode())).metabolite_table)


def test_missing_bounds_follow_the_direction_of_the_file():
    text = LEVEL_2.format(
        species=species("a_e"), reactions=reaction("EX_a", "a_e", "", None) + reaction("b", "", "a_e", (-1, 1, 1))
    )
    network = assemble(read_sbml(text.encode()))
    assert network.bounds.lower.tolist() == [0.0, -1.0]
    assert network.notes[0].startswith("1 reaction without bounds in the file, made up as")


def test_a_written_model_reads_as_cobra_has_it(tmp_path):
    """Groups, gene rules, escaped ids and charges that stand for themselves."""
    model = cobra.Model("m")
    a, b = cobra.Metabolite("a-1.x_e", compartment="e"), cobra.Metabolite("b_c", compartment="c")
    a.formula, a.charge = "C2H4", -1
    exchange, work = (
        cobra.Reaction("EX_a(e)", lower_bound=-5),
        cobra.Reaction("work", "Work ", "Labour", 0, float("inf")),
    )
    exchange.add_metabolites({a: -1})
    work.add_metabolites({a: -1, b: 0.5})
    work.gene_reaction_rule = "(b1.1 and b-2) or b3"
    drain = cobra.Reaction("BIO")
    drain.add_metabolites({b: -1})
    model.add_reactions([exchange, work, drain])
    model.objective = "BIO"
    path = tmp_path / "m.xml"
    cobra.io.write_sbml_model(model, str(path))
    read, expected = assemble(read_sbml(path.read_bytes())), from_cobra(cobra.io.read_sbml_model(str(path)))
    assert read.fingerprint == expected.fingerprint
    assert read.reaction_table == expected.reaction_table
    assert read.genes == ("b-2", "b1.1", "b3")
    assert [(m.formula, m.charge) for m in read.metabolite_table] == [({"C": 2.0, "H": 4.0}, -1.0), (None, None)]


EXCHANGE = (
    '<reaction id="R_EX_a" reversible="true" fast="false"{}><listOfReactants><speciesReference species="M_a" '
    'stoichiometry="1" constant="true"/></listOfReactants></reaction>'
)
OBJECTIVE = (
    '<fbc:objective fbc:id="{0}" fbc:type="maximize"><fbc:listOfFluxObjectives><fbc:fluxObjective fbc:reaction="{1}" '
    'fbc:coefficient="1"/></fbc:listOfFluxObjectives></fbc:objective>'
)


@pytest.mark.parametrize(
    ("bounds", "objectives", "message"),
    [
        (' fbc:lowerFluxBound="lost"', "", "bound of reaction 'EX_a' is the parameter 'lost', which the file lacks"),
        ("", OBJECTIVE.format("o", "R_lost"), "objective names reaction 'lost', which the file does not hold"),
    ],
)
def test_references_to_nothing_are_named(bounds, objectives, message):
    listed = f"<fbc:listOfObjectives>{objectives}</fbc:listOfObjectives>" if objectives else ""
    with pytest.raises(NetworkError, match=message):
        assemble(read_sbml(FBC.format(reactions=EXCHANGE.format(bounds), objectives=listed).encode()))


def test_several_objectives_of_which_none_is_active_are_said():
    objectives = OBJECTIVE.format("one", "R_EX_a") + OBJECTIVE.format("two", "R_EX_a")
    text = FBC.format(
        reactions=EXCHANGE.format(""), objectives=f"<fbc:listOfObjectives>{objectives}</fbc:listOfObjectives>"
    )
    network = assemble(read_sbml(text.encode()))
    assert "the file holds 2 objectives and says of none that it is active" in network.notes
    assert not network.objective


@pytest.mark.parametrize("text", ["", "<sbml", "<sbml xmlns='http://www.sbml.org/sbml/level2/version4'/>", "milk: 2"])
def test_what_is_no_sbml_is_refused(text):
    with pytest.raises(ValueError, match=r"."):
        read_sbml(text.encode())
