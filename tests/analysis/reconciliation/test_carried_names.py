from metagnn.analysis.reconciliation.carried_names import carried_names, with_name


def test_exchanges_are_named_by_what_they_carry(core):
    names = carried_names(core, ["EX_co2_e", "EX_o2_e", "EX_etoh_e", "PFK", core.growth_reaction])
    assert list(names.values())[:3] == ["CO2", "O2", "Ethanol"]
    assert names["PFK"] == core.reaction_table[core.reaction_index("PFK")].name
    assert names[core.growth_reaction] == "growth"
    assert with_name(core, "EX_etoh_e") == "Ethanol (EX_etoh_e)"
