import pytest

from metagnn.network.outside import outside_compartments


@pytest.mark.parametrize(
    ("crossings", "outside"),
    [
        ([("EX_a", "e"), ("DM_b", "c"), ("DM_d", "c")], {"e"}),
        ([("EX_a", "C_e"), ("DM_b", "C_c")], {"C_e"}),
        ([("r1", "Extra_organism"), ("r2", "Cytosol")], {"Extra_organism"}),
        ([("EX_a", "x1"), ("DM_b", "x2"), ("DM_d", "x2")], {"x1"}),
        ([("r1", "x1"), ("r2", "x2"), ("r3", "x2")], {"x2"}),
        ([("EX_a", "")], {""}),
        ([], set()),
    ],
)
def test_the_outside_is_known_by_name_then_by_its_exchanges(crossings, outside):
    assert outside_compartments(crossings) == outside
