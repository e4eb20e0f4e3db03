import io

import numpy as np
import pytest
import scipy.io
import scipy.sparse

from metagnn.errors import NetworkError
from metagnn.network.reader.assemble import assemble
from metagnn.network.reader.mat_document import read_mat

S = np.array([[-1.0, -1.0, 0.0, 0.0], [0.0, 2.0, -1.0, -1.0]])
FIELDS = {
    "rxns": np.array(["EX_a", "r", "waste", "growth"], dtype=object)[:, None],
    "mets": np.array(["a[c]", "b[c]"], dtype=object)[:, None],
    "S": scipy.sparse.csc_matrix(S),
    "lb": np.array([[-10.0], [0.0], [0.0], [0.0]]),
    "ub": np.full((4, 1), 1000.0),
    "c": np.array([[0.0], [0.0], [0.0], [1.0]]),
    "csense": np.array(["E", "E"])[:, None],
    "b": np.zeros((2, 1)),
}
COUPLED = {
    "C": scipy.sparse.csc_matrix([[0.0, 1.0, 0.0, -0.5], [0.0, 0.0, 1.0, -3.0], [0.0, 1.0, 0.0, 0.0]]),
    "d": np.array([[4.0], [0.0], [6.0]]),
    "dsense": np.array(["G", "E", "L"])[:, None],
    "ctrs": np.array(["least", "ratio", "most"], dtype=object)[:, None],
}


def read(**fields):
    buffer = io.BytesIO()
    scipy.io.savemat(buffer, {"model": FIELDS | fields}, oned_as="column")
    return assemble(read_mat(buffer.getvalue()))


def row(network, name):
    values = network.stoichiometry.to_dense()[network.metabolites.index(name)].numpy()
    return {network.reactions[i]: values[i] for i in np.flatnonzero(values)}


def limits(network, name):
    at = network.reactions.index(name)
    return network.bounds.lower[at], network.bounds.upper[at]


def test_plain_fields_add_nothing():
    assert read().slacks == ()


def test_coupling_constraints_are_kept():
    network = read(**COUPLED)
    assert network.slacks == ("slack_least", "slack_ratio", "slack_most")
    assert row(network, "least") == {"r": 1.0, "growth": -0.5, "slack_least": -1.0}
    assert limits(network, "slack_least") == (4.0, np.inf)
    assert limits(network, "slack_ratio") == (0.0, 0.0)
    assert limits(network, "slack_most") == (-np.inf, 6.0)


def test_senses_may_stand_in_one_text_and_names_be_missing():
    network = read(**{name: value for name, value in COUPLED.items() if name != "ctrs"} | {"dsense": "GEL"})
    assert network.slacks == ("slack_constraint_1", "slack_constraint_2", "slack_constraint_3")
    assert limits(network, "slack_constraint_3") == (-np.inf, 6.0)


def test_a_balance_that_is_not_zero_is_kept():
    network = read(csense=np.array(["E", "G"])[:, None], b=np.array([[-1.0], [0.5]]))
    assert limits(network, "slack_a[c]") == (-1.0, -1.0)
    assert limits(network, "slack_b[c]") == (0.5, np.inf)
    assert row(network, "b[c]")["slack_b[c]"] == -1.0


def test_variables_are_kept_and_an_objective_over_them_is_not_growth():
    more = COUPLED | {
        "D": scipy.sparse.csc_matrix([[0.0], [0.0], [-2.0]]),
        "E": scipy.sparse.csc_matrix([[0.0], [1.0]]),
        "evars": np.array(["pool"], dtype=object)[:, None],
        "evarlb": np.array([[0.0]]),
        "evarub": np.array([[5.0]]),
    }
    network = read(**more)
    assert limits(network, "pool") == (0.0, 5.0)
    assert row(network, "most") == {"r": 1.0, "pool": -2.0, "slack_most": -1.0}
    assert row(network, "b[c]")["pool"] == 1.0
    assert not read(**more, evarc=np.array([[1.0]])).objective


def test_rows_of_an_older_file_stand_below_those_of_s():
    network = read(
        A=scipy.sparse.csc_matrix(np.vstack([S, [0.0, 1.0, 0.0, -4.0]])),
        csense=np.array(["E", "E", "L"])[:, None],
        b=np.zeros((3, 1)),
    )
    assert row(network, "constraint_1") == {"r": 1.0, "growth": -4.0, "slack_constraint_1": -1.0}
    assert limits(network, "slack_constraint_1") == (-np.inf, 0.0)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"dsense": "GE"}, "its `dsense` has 2 entries; expected 3"),
        ({"dsense": "GEX"}, "the sense of 'most' is 'X'"),
        ({"C": scipy.sparse.csc_matrix(np.ones((3, 2)))}, r"its `C` has the shape \(3, 2\); expected \(3, 4\)"),
        ({"d": np.zeros((2, 1))}, "its `d` has 2 entries; expected 3"),
        ({"vartype": "CCBC"}, "variable 'waste' is of type 'B'"),
        ({"F": scipy.sparse.csc_matrix(np.eye(4))}, "its objective is quadratic"),
    ],
)
def test_what_cannot_be_kept_is_named(fields, message):
    with pytest.raises(NetworkError, match=message):
        read(**COUPLED | fields)
