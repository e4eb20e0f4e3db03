import math

import numpy as np
import pytest

from metagnn.errors import NetworkError
from metagnn.network.reader.assemble import assemble
from metagnn.network.reader.constraints import read_constraints
from metagnn.network.reader.dict_document import read_document
from metagnn.network.reader.draft import DraftConstraint, DraftVariable


def drafted(toy, *constraints, variables=()):
    draft = read_document(toy())
    draft.constraints, draft.variables = list(constraints), list(variables)
    return draft


def test_a_constraint_is_a_balance_with_a_slack(toy):
    network = assemble(drafted(toy, DraftConstraint("ratio", {"GLCt": 2.0, "BURN": -1.0}, -1.0, 3.0)))
    assert network.metabolites[-1] == "ratio"
    assert network.metabolite_table[-1].is_constraint
    assert network.slacks == ("slack_ratio",)
    dense = network.stoichiometry.to_dense()[-1].numpy()
    assert dict(zip(np.array(network.reactions)[dense != 0], dense[dense != 0], strict=True)) == {
        "GLCt": 2.0, "BURN": -1.0, "slack_ratio": -1.0,
    }  # fmt: skip
    assert (network.bounds.lower[-1], network.bounds.upper[-1]) == (-1.0, 3.0)


def test_a_variable_is_a_column_and_one_without_use_is_none(toy):
    rows = DraftConstraint("pool", {"BURN": 1.0}, None, 0.0, {"enzyme": -10.0})
    network = assemble(drafted(toy, rows, variables=[DraftVariable("enzyme", 0.0, 0.3), DraftVariable("unused")]))
    assert network.slacks == ("enzyme", "slack_pool")
    assert network.further_constraints.count == 1
    assert network.bounds.upper[-2] == 0.3
    assert network.bounds.lower[-1] == -math.inf


def test_directions_that_count_differently_split_a_flux(toy):
    both = DraftConstraint("budget", {"CO2t": 1.0, "BURN": 1.0}, None, 9.0, backward={"CO2t": 1.0, "BURN": 1.0})
    network = assemble(drafted(toy, both))
    # BURN runs forward only.
    assert network.slacks == ("CO2t_forward", "CO2t_backward", "slack_CO2t_directions", "slack_budget")
    assert network.further_constraints.count == 1
    further, S = network.further_constraints, network.stoichiometry.to_scipy()
    fluxes = np.zeros((1, len(network.reactions)))
    at = [network.reactions.index(name) for name in ("CO2t", "CO2t_forward", "CO2t_backward", "BURN")]
    fluxes[0, at] = -4.0, 1.0, 5.0, 2.0
    settled = further.settle(S, fluxes)[0]
    assert settled[network.reactions.index("slack_budget")] == 8.0
    assert settled[network.reactions.index("slack_CO2t_directions")] == 0.0


def test_a_balance_need_not_be_zero(toy):
    network = assemble(drafted(toy, DraftConstraint("co2_c", {}, -0.5, None, balance="co2_c")))
    assert network.slacks == ("slack_co2_c",)
    assert len(network.metabolites) == 4
    assert network.notes == ("1 balance that need not be zero: 'co2_c'",)
    assert not network.metabolite_table[network.metabolites.index("co2_c")].is_constraint


def test_what_limits_nothing_is_left_out(toy):
    nothing = DraftConstraint("any", {"BURN": 1.0}), DraftConstraint("co2_c", {}, 0.0, 0.0, balance="co2_c")
    parts = read_constraints(drafted(toy, *nothing))
    assert not parts.rows
    assert not parts.columns
    assert not parts.entries


def test_names_do_not_collide(toy):
    network = assemble(drafted(toy, DraftConstraint("BURN", {"BURN": 1.0}, 0.0, 1.0)))
    assert network.metabolites[-1] == "BURN_"
    assert network.slacks == ("slack_BURN",)


@pytest.mark.parametrize(
    ("constraint", "message"),
    [
        (DraftConstraint("c", {"BURNT": 1.0}, 0.0, 1.0), "constraint 'c' uses reaction 'BURNT', which the model does"),
        (DraftConstraint("c", {}, 0.0, 1.0, {"x": 1.0}), "constraint 'c' uses variable 'x'"),
        (DraftConstraint("c", {"BURN": math.nan}, 0.0, 1.0), "coefficient of 'BURN' in constraint 'c' is nan"),
        (DraftConstraint("c", {"BURN": 1.0}, 2.0, 1.0), r"limits of constraint 'c' are \[2, 1\]"),
        (DraftConstraint("c", {"BURN": 1.0}, math.nan, 1.0), r"limits of constraint 'c' are \[nan, 1\]"),
        (DraftConstraint("c", {"BURN": 1.0}, math.inf, None), r"limits of constraint 'c' are \[inf, inf\]"),
    ],
)
def test_what_cannot_be_kept_is_named(toy, constraint, message):
    with pytest.raises(NetworkError, match=message):
        assemble(drafted(toy, constraint))
