import cobra
import pytest

from metagnn.network import from_cobra
from metagnn.network.reader.assemble import assemble
from metagnn.network.reader.draft import DraftMetabolite, DraftReaction, ModelDraft


def draft(outside: dict[str, float], boundary: bool = True, **reactions: dict[str, float]) -> ModelDraft:
    """glc_e → glc_c → biomass, beside species outside that `reactions` use."""
    names = ("glc_e", "glc_c", *outside)
    return ModelDraft(
        "m",
        [DraftMetabolite(name, compartment=name[-1], boundary=boundary and name in outside) for name in names],
        [
            *(DraftReaction(name, coefficients, -10.0, 1000.0) for name, coefficients in reactions.items()),
            DraftReaction("GLCt", {"glc_e": -1.0, "glc_c": 1.0}, 0.0, 1000.0),
            DraftReaction("BIO", {"glc_c": -1.0}, 0.0, 1000.0, objective=1.0),
        ],
    )


@pytest.mark.parametrize("boundary", [True, False])
def test_the_own_reaction_to_a_boundary_species_is_the_exchange(boundary):
    network = assemble(draft({"glc_b": 1}, boundary, EX_glc_e={"glc_e": -1.0, "glc_b": 1.0}))
    assert network.metabolites == ("glc_e", "glc_c")
    assert network.exchanges == ("EX_glc_e",)
    assert network.medium() == {"EX_glc_e": 10.0}
    assert network.notes == ("1 species outside the system ('glc_b') left out of the balances",)


def test_an_exchange_that_the_file_has_for_a_boundary_species_stands():
    network = assemble(draft({"glc_b": 1}, True, in_={"glc_b": -1.0, "glc_e": 1.0}, EX_glc_b={"glc_b": -1.0}))
    assert network.exchanges == ("EX_glc_b",)
    assert network.medium() == {"EX_glc_b": 10.0}
    assert network.notes == ()


def test_a_boundary_species_of_several_reactions_gets_an_exchange_that_is_said():
    pts = {"glc_e": -1.0, "glc_c": 1.0, "glc_b": -1.0}
    network = assemble(draft({"glc_b": 1}, True, diffusion={"glc_b": -1.0, "glc_e": 1.0}, pts=pts))
    assert network.exchanges == ("EX_glc_b",)
    assert network.notes == ("1 exchange made up for boundary species, with bounds ±1000: 'EX_glc_b'",)


def test_an_unmarked_compartment_b_with_a_life_of_its_own_stays():
    network = assemble(draft({"glc_b": 1}, False, in_={"glc_b": -1.0, "glc_e": 1.0}, EX_blood={"glc_b": -1.0}))
    assert "glc_b" in network.metabolites
    assert network.exchanges == ("EX_blood",)


def test_what_cobra_invents_yields_to_the_reaction_of_the_file():
    model = cobra.Model("m")
    glc_e, glc_c, glc_b = (cobra.Metabolite(f"glc_{place}", compartment=place) for place in "ecb")
    own, invented = (
        cobra.Reaction("EX_glc_e", lower_bound=-10),
        cobra.Reaction("EX_glc_b", "EX_glc_b", lower_bound=-1000),
    )
    own.add_metabolites({glc_e: -1, glc_b: 1})
    invented.add_metabolites({glc_b: -1})
    invented.annotation = {"sbo": "SBO:0000627"}
    transport, growth = cobra.Reaction("GLCt"), cobra.Reaction("BIO")
    transport.add_metabolites({glc_e: -1, glc_c: 1})
    growth.add_metabolites({glc_c: -1})
    model.add_reactions([invented, own, transport, growth])
    model.objective = "BIO"
    network = from_cobra(model)
    assert network.reactions == ("EX_glc_e", "GLCt", "BIO")
    assert network.medium() == {"EX_glc_e": 10.0}


def test_sinks_and_demands_cross_the_border_and_a_growth_reaction_inside_does_not():
    network = assemble(draft({}, EX_glc_e={"glc_e": -1.0}, sink_glc_c={"glc_c": -1.0}))
    assert network.exchanges == ("EX_glc_e", "sink_glc_c")
    assert network.outside_exchanges == ("EX_glc_e",)
    assert network.medium() == {"EX_glc_e": 10.0, "sink_glc_c": 10.0}
    # A medium is what is outside: the sink keeps its bounds unless it is named.
    assert network.with_medium({"EX_glc_e": 1.0}).medium() == {"EX_glc_e": 1.0, "sink_glc_c": 10.0}
    assert network.with_medium({"sink_glc_c": 1.0}).medium() == {"sink_glc_c": 1.0}
