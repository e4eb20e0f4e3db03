import libsbml
import pytest

from metagnn.errors import NetworkError
from metagnn.network.reader.assemble import assemble
from metagnn.network.reader.sbml_document import read_sbml

TERMS = (("R_r", "one", None), ("R_growth", "minus", None))


def document(terms=TERMS, limits=("zero", "six")):
    """A chain whose flux is bounded by a constraint of fbc version 3."""
    namespaces = libsbml.SBMLNamespaces(3, 2, "fbc", 3)
    sbml = libsbml.SBMLDocument(namespaces)
    sbml.setPackageRequired("fbc", False)
    model = sbml.createModel()
    model.setId("chain")
    model.getPlugin("fbc").setStrict(False)
    for name, value, constant in (
        ("zero", 0.0, True), ("six", 6.0, True), ("one", 1.0, True), ("minus", -0.5, True), ("most", 1e3, True),
        ("pool", None, False),
    ):  # fmt: skip
        parameter = model.createParameter()
        parameter.setId(name)
        parameter.setConstant(constant)
        if value is not None:
            parameter.setValue(value)
    for name in ("M_a_c", "M_b_c"):
        species = model.createSpecies()
        species.setId(name)
        species.setCompartment("c")
    for name, used, made in (("R_EX_a", None, "M_a_c"), ("R_r", "M_a_c", "M_b_c"), ("R_growth", "M_b_c", None)):
        reaction = model.createReaction()
        reaction.setId(name)
        for metabolite, reference in ((used, reaction.createReactant), (made, reaction.createProduct)):
            if metabolite:
                part = reference()
                part.setSpecies(metabolite)
                part.setStoichiometry(1.0)
        reaction.getPlugin("fbc").setLowerFluxBound("zero")
        reaction.getPlugin("fbc").setUpperFluxBound("most")
    constraint = model.getPlugin("fbc").createUserDefinedConstraint()
    constraint.setId("limit")
    constraint.setLowerBound(limits[0])
    constraint.setUpperBound(limits[1])
    for variable, coefficient, kind in terms:
        term = constraint.createUserDefinedConstraintComponent()
        term.setVariable(variable)
        term.setCoefficient(coefficient)
        term.setVariableType(kind or "linear")
    return libsbml.writeSBMLToString(sbml).encode()


def test_a_constraint_of_reactions_is_kept():
    network = assemble(read_sbml(document()), "growth")
    assert network.slacks == ("slack_limit",)
    assert network.stoichiometry.to_dense()[-1].tolist() == [0.0, 1.0, -0.5, -1.0]
    assert (network.bounds.lower[-1], network.bounds.upper[-1]) == (0.0, 6.0)


def test_a_parameter_that_may_change_is_a_variable():
    network = assemble(read_sbml(document((*TERMS, ("pool", "one", None)))), "growth")
    assert network.slacks == ("pool", "slack_limit")


@pytest.mark.parametrize(
    ("terms", "limits", "message"),
    [
        ((("R_r", "one", "quadratic"),), ("zero", "six"), "constraint 'limit' has a quadratic term"),
        ((("R_x", "one", None),), ("zero", "six"), "constraint 'limit' uses 'R_x', which is neither a reaction nor"),
        (TERMS, ("zero", "seven"), "constraint 'limit' uses 'seven', which is no parameter with a value"),
        ((("R_r", "pool", None),), ("zero", "six"), "uses 'pool', which is no parameter with a value"),
    ],
)
def test_what_cannot_be_kept_is_named(terms, limits, message):
    with pytest.raises(NetworkError, match=message):
        read_sbml(document(terms, limits))
