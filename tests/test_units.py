import pytest
from hypothesis import given
from hypothesis import strategies as st

from metagnn.network import MetabolicNetwork
from metagnn.units import ATOMIC_MASSES, molar_mass

formulas = st.dictionaries(st.sampled_from(sorted(ATOMIC_MASSES)), st.integers(1, 60), min_size=1, max_size=6)


@pytest.mark.parametrize(
    ("formula", "mass"),
    [
        ({"H": 2, "O": 1}, 18.015),
        ({"C": 1, "O": 2}, 44.009),
        ({"C": 6, "H": 12, "O": 6}, 180.156),
        ({"C": 10, "H": 12, "N": 5, "O": 13, "P": 3}, 503.15),
    ],
)
def test_masses_that_stand_in_books(formula, mass):
    assert molar_mass(formula) == pytest.approx(mass, abs=0.01)


@given(formulas, formulas)
def test_a_molecule_of_two_parts_has_the_mass_of_both(one, other):
    both = {element: one.get(element, 0) + other.get(element, 0) for element in one | other}
    assert molar_mass(both) == pytest.approx(molar_mass(one) + molar_mass(other))


@given(formulas, st.sampled_from(["R", "X", "Unknown", "c"]))
def test_what_is_no_element_has_no_mass(formula, unknown):
    assert molar_mass(formula | {unknown: 1}) is None
    assert molar_mass({}) is None


def test_reactions_inside_a_cell_conserve_mass(core: MetabolicNetwork):
    masses = [molar_mass(metabolite.formula or {}) for metabolite in core.metabolite_table]
    assert None not in masses
    change = core.stoichiometry.to_scipy().T @ masses
    inside = [r for r in range(len(core.reactions)) if r not in set(core.exchange_indices.tolist())]
    # The coefficients of growth are per gDW, and what biomass is made into is not among them.
    inside.remove(core.reaction_index(core.growth_reaction))
    assert abs(change[inside]).max() < 0.01
