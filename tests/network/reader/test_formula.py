import cobra
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metagnn.network import Metabolite
from metagnn.network.reader.formula import read_formula

counts = st.one_of(
    st.just(""), st.integers(1, 99).map(str), st.floats(0.1, 9, allow_nan=False).map(lambda x: f"{x:.2f}")
)
atoms = st.lists(st.tuples(st.sampled_from(["C", "H", "N", "O", "P", "S", "Fe", "Cl", "R", "X"]), counts), min_size=1)


@pytest.mark.filterwarnings("ignore:.*is not an integer")
@given(atoms=atoms)
def test_a_formula_of_elements_and_counts_reads_as_in_cobra(atoms):
    text = "".join(symbol + count for symbol, count in atoms)
    expected = cobra.Metabolite("a", formula=text).elements
    assert read_formula(text) == pytest.approx({name: count for name, count in expected.items() if count})


@pytest.mark.parametrize(
    "text",
    [
        *("C6H12O6*", "(C6H10O5)n", "C6H12O6;C5H10O5", "C6H12O6;", "C6H12O6-2", "c6h12o6", "C6 H12", "Protein", "Z"),
        *("C310H542charge12", "", " ", "H2O)", "C1.2.3", "Unknown", None, 5, float("nan"), ["C"], "C0"),
    ],
)
def test_what_is_not_understood_whole_is_unknown(text):
    assert read_formula(text) is None


def test_spellings_that_agree_are_one_formula():
    assert read_formula("C6H12O6;H12C6O6") == read_formula("C6H12O6") == {"C": 6.0, "H": 12.0, "O": 6.0}
    assert read_formula("CH3COOH") == {"C": 2.0, "H": 4.0, "O": 2.0}


@pytest.mark.parametrize("text", ["X", "R", "C2R"])
def test_residues_are_read_and_are_not_complete(text):
    assert not Metabolite("a", formula=read_formula(text)).complete


def test_no_molecule_has_so_many_atoms():
    assert read_formula("C" + "9" * 400) is read_formula("C" * 10**6) is None
