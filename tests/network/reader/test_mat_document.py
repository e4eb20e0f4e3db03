import io
import warnings

import numpy as np
import pytest
import scipy.io
import scipy.sparse

from metagnn.errors import NetworkError
from metagnn.network.reader.assemble import assemble
from metagnn.network.reader.mat_document import read_mat


def cells(*texts: str) -> np.ndarray:
    column = np.empty((len(texts), 1), dtype=object)
    column[:, 0] = texts
    return column


def fields() -> dict[str, object]:
    return {
        "rxns": cells("EX_a", "r"),
        "mets": cells("a[e]", "b[c]"),
        "S": scipy.sparse.csc_array([[-1.0, -1.0], [0.0, 2.0]]),
        "lb": np.array([[-10.0], [0.0]]),
        "ub": np.array([[np.inf], [1000.0]]),
        "c": np.array([[0.0], [1.0]]),
        "genes": cells("g1", "g2"),
        "rules": cells("", "x(1) & x(2)"),
        "metFormulas": cells("C2", ""),
        "metCharges": np.array([[-1.0], [np.nan]]),
    }


def read(changed: dict[str, object]):
    buffer = io.BytesIO()
    scipy.io.savemat(buffer, {"model": changed})
    with warnings.catch_warnings():
        # numpy 2.4 takes no scalar from an array of one; earlier ones warn.
        warnings.simplefilter("error")
        return assemble(read_mat(buffer.getvalue()))


def test_a_struct_of_the_toolbox_is_a_network():
    network = read(fields())
    assert (network.id, network.exchanges, network.growth_reaction) == ("model", ("EX_a",), "r")
    assert network.stoichiometry.to_dense().tolist() == [[-1.0, -1.0], [0.0, 2.0]]
    assert network.bounds.upper.tolist() == [np.inf, 1000.0]
    assert network.reaction_table[1].gene_rule.active({"g3"})
    assert not network.reaction_table[1].gene_rule.active({"g1"})
    a, b = network.metabolite_table
    assert (a.formula, a.charge, a.compartment) == ({"C": 2.0}, -1.0, "e")
    assert (b.formula, b.charge, b.compartment) == (None, None, "c")


def test_compartments_may_be_numbers_and_the_sense_to_minimise():
    network = read(fields() | {"comps": cells("in", "out"), "metComps": np.array([[2.0], [1.0]]), "osenseStr": "min"})
    assert [m.compartment for m in network.metabolite_table] == ["out", "in"]
    assert network.objective == {"r": -1.0}


def test_fields_that_do_not_fit_are_told():
    with pytest.raises(NetworkError, match=r"its S has the shape \(2, 2\); expected \(2, 3\)"):
        read(fields() | {"rxns": cells("EX_a", "r", "s")})
    with pytest.raises(NetworkError, match="one of its fields has 1 entries; expected 2, as many as `rxns`"):
        read(fields() | {"lb": np.array([[0.0]])})
    with pytest.raises(ValueError, match="no struct with the fields S, rxns and mets"):
        read({"a": 1.0})
    with pytest.raises(NetworkError, match=r"version 7\.3; save it again"):
        read_mat(b"\x89HDF\r\n")
