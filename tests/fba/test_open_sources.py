from metagnn.fba import open_carbon_sources


def test_unnamed_open_carbon_sources_are_listed_with_their_uptake(core):
    assert open_carbon_sources(core, []) == {"EX_glc__D_e": 10.0}
    assert open_carbon_sources(core, ["EX_glc__D_e"]) == {}
    rich = core.with_medium({"EX_ac_e": 3.0, "EX_co2_e": 5.0, "EX_o2_e": 20.0, "EX_fru_e": 1.0})
    assert open_carbon_sources(rich, ["EX_fru_e"]) == {"EX_ac_e": 3.0}


def test_metabolites_without_formula_are_passed_over(make_random_network):
    assert open_carbon_sources(make_random_network(0), []) == {}
