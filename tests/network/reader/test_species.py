import pytest

from metagnn.network.reader.assemble import assemble
from metagnn.network.reader.dict_document import read_document


def notes(document) -> str:
    return "; ".join(assemble(read_document(document)).notes)


def test_a_model_without_gaps_has_no_notes(toy):
    assert assemble(read_document(toy())).notes == ()


@pytest.mark.parametrize(
    ("change", "charge", "note"),
    [
        ({"charge": "-2"}, -2.0, "1 charge given as text, read as numbers: 'glc_c' ('-2')"),
        ({"charge": "two"}, None, "1 charge not understood, counted as unknown: 'glc_c' ('two')"),
        ({"charge": True}, None, "1 charge not understood"),
        ({"charge": None}, None, ""),
        ({"charge": float("nan")}, None, ""),
    ],
)
def test_charges_are_numbers_or_unknown(change, charge, note, toy):
    network = assemble(read_document(toy(metabolites={1: change})))
    assert network.metabolite_table[1].charge == charge
    assert note in "; ".join(network.notes)


def test_formulas_that_are_not_understood_are_named(toy):
    assert "1 formula not understood, counted as unknown: 'glc_c' ('(C6H10O5)n')" in notes(
        toy(metabolites={1: {"formula": "(C6H10O5)n"}})
    )


def test_a_formula_that_contradicts_another_makes_both_unknown(toy):
    network = assemble(read_document(toy(metabolites={0: {"formula": "C5H10O5"}})))
    assert "'glc_c' (C6H12O6) and 'glc_e' (C5H10O5), through 'GLCt'" in network.notes[0]
    assert [m.complete for m in network.metabolite_table] == [False, False, True, True]
    protonated = assemble(read_document(toy(metabolites={0: {"formula": "C6H13O6"}})))
    assert protonated.notes == ()


def test_compartments_are_taken_from_ids_where_the_model_has_none(toy):
    document = toy()
    for metabolite in document["metabolites"]:
        del metabolite["compartment"]
    network = assemble(read_document(document))
    assert [m.compartment for m in network.metabolite_table] == ["e", "c", "e", "c"]
    assert network.notes == (
        "4 metabolites without a compartment, taken from the end of the id: 'glc_e', 'glc_c', 'co2_e' and 1 more",
    )
    assert network.exchanges == assemble(read_document(toy())).exchanges
