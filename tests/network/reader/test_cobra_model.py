import cobra

from metagnn.network.reader.cobra_model import read_cobra


def test_a_draft_states_what_the_model_states():
    model = cobra.Model("m")
    a = cobra.Metabolite("a_e", "C2*", "A", -1, "e")
    r = cobra.Reaction("EX_a_e", "EX_a_e", "S", -5, 7)
    r.add_metabolites({a: -1})
    r.gene_reaction_rule = "g1 or (g2 and g3)"
    model.add_reactions([r])
    model.objective, model.objective_direction = {r: 2.0}, "min"
    before = cobra.io.to_json(model)
    draft = read_cobra(model)
    (metabolite,), (reaction,) = draft.metabolites, draft.reactions
    assert (metabolite.id, metabolite.formula, metabolite.charge, metabolite.compartment) == ("a_e", "C2*", -1, "e")
    assert (reaction.lower, reaction.upper, reaction.subsystem, reaction.objective) == (-5, 7, "S", 2.0)
    assert (draft.minimised, reaction.invented, reaction.coefficients) == (True, False, {"a_e": -1})
    assert reaction.rule.active({"g1", "g2"}) is False
    assert cobra.io.to_json(model) == before
    # As cobra's reader makes one for a boundary species: named after it, and marked.
    r.annotation = {"sbo": "SBO:0000627"}
    assert read_cobra(model).reactions[0].invented
