import pytest

from metagnn.network.vocabulary.compound import Vocabulary, vocabulary

ROW = dict.fromkeys(
    ("form_of", "seed", "kegg", "chebi", "metanetx", "biocyc", "inchikey", "yeast", "human", "direction", "formula"), ""
)


def test_a_name_in_its_own_case_wins():
    known = vocabulary()
    assert known.by_name("CO") == {"co"}
    assert known.by_name("Co") == {"cobalt2"}
    assert known.by_name("co") == {"co", "cobalt2"}
    assert known.by_name("lactate") == known.by_name("Lactic acid") == {"lac__D", "lac__L"}
    assert known.by_name("unobtainium") == frozenset()


@pytest.mark.parametrize(
    "text",
    ["glc__D", "cpd00027", "C00031", "MNXM41", "Glucopyranose", "s_0565", "MAM01965", "kegg:C00031", "CHEBI:17634"],
)
def test_ids_of_every_database(text: str):
    assert vocabulary().by_id(text) == "glc__D"


def test_an_inchikey_counts_without_its_protonation():
    known = vocabulary()
    acid, anion = (known.by_identifier(f"inchikey:QTBSBXVTEAMEQO-UHFFFAOYSA-{letter}") for letter in "NM")
    assert acid == anion == "ac"


def test_forms_and_ranks():
    known = Vocabulary(
        [
            ROW | {"bigg": "a", "names": "sugar;S", "seed": "cpd1 cpd2", "direction": "in", "formula": "C6H12O6"},
            ROW | {"bigg": "b", "names": "beta-sugar", "form_of": "a"},
        ]
    )
    assert known.forms["a"] == ("b",)
    assert known.compounds["a"].direction == "uptake"
    assert known.compounds["a"].skeleton == {"C": 6.0, "O": 6.0}
    assert known.rank("cpd1") < known.rank("cpd2") < known.rank("cpd3")
