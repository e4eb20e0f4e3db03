import copy

import numpy as np
import pytest
import scipy.sparse
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from metagnn.errors import InputError
from metagnn.network import Incidence, MetabolicNetwork
from metagnn.testing import assert_operator_laws, random_network
from tests.copies_and_threads import COPIES, assert_copies_are_the_same, in_threads


def matrix() -> Incidence:
    dense = [[1.0, -1.0, 0.0, 0.0], [0.0, 2.0, -1.0, 0.5], [0.0, 0.0, 0.0, 0.0]]
    return Incidence.from_dense(dense, ["a", "b", "isolated"], ["r", "s", "t", "u"])


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), metabolites=st.integers(2, 9), extra=st.integers(0, 10))
def test_laws_hold_on_random_networks(seed, metabolites, extra):
    network = random_network(seed, metabolites, metabolites // 3 + 3 + extra)
    assert_operator_laws(network.stoichiometry, seed=seed % 1000)


def test_laws_hold_for_every_balance_of_core(core: MetabolicNetwork):
    for operator in (core.stoichiometry, *(core.element_balance(b) for b in ("C", "N", "charge", "electrons"))):
        assert_operator_laws(operator)


def test_laws_hold_at_genome_scale(iJO1366: MetabolicNetwork):
    assert iJO1366.stoichiometry.shape == (1805, 2583)
    assert_operator_laws(iJO1366.stoichiometry)


def test_core_has_the_published_size_and_rank(core: MetabolicNetwork):
    assert core.stoichiometry.shape == (72, 95)
    assert int(torch.linalg.matrix_rank(core.stoichiometry.to_dense())) == 67


def test_from_scipy_from_dense_and_edges_agree(core: MetabolicNetwork):
    S = core.stoichiometry
    edges = Incidence(*S.edge_index.flip(1), S.value.flip(0), S.rows, S.columns)
    for other in (
        edges,
        Incidence.from_dense(S.to_dense(), S.rows, S.columns),
        Incidence.from_scipy(S.to_scipy(), S.rows, S.columns),
    ):
        assert torch.equal(other.edge_index, S.edge_index)
        assert torch.equal(other.value, S.value)
        assert (other.rows, other.columns) == (S.rows, S.columns)
    assert (S.to_scipy().toarray() == S.to_dense().numpy()).all()


def test_explicit_zeros_are_dropped_and_duplicates_add_up():
    entries = scipy.sparse.coo_array(([0.0, 1.0, 2.0], ([0, 0, 0], [0, 1, 1])), shape=(1, 2))
    operator = Incidence.from_scipy(entries, ["a"], ["r", "s"])
    assert operator.value.tolist() == [3.0]


def test_isolated_rows_give_zero():
    assert matrix()(torch.ones(4)).tolist() == [0.0, 1.5, 0.0]


def test_empty_maps_and_empty_batches_keep_their_shapes(core: MetabolicNetwork):
    empty = Incidence.from_dense(np.zeros((0, 2)), [], ["r", "s"])
    assert empty(torch.ones(5, 2)).shape == (5, 0)
    assert empty.adjoint(torch.ones(5, 0)).tolist() == torch.zeros(5, 2).tolist()
    assert core.stoichiometry(torch.ones(3, 0, 95)).shape == (3, 0, 72)
    assert core.stoichiometry.adjoint(torch.ones(0, 72)).shape == (0, 95)


@pytest.mark.parametrize("cast", ["float", "half", "bfloat16", "to"])
def test_coefficients_stay_float64_inside_a_cast_model(cast, core: MetabolicNetwork):
    model = torch.nn.Sequential(torch.nn.Linear(95, 95), copy.deepcopy(core.stoichiometry))
    model = model.to(torch.float32) if cast == "to" else getattr(model, cast)()
    assert model[1].value.dtype == torch.float64
    assert torch.equal(model[1].value, core.stoichiometry.value)
    assert model[0].weight.dtype != torch.float64
    assert model.float()(torch.ones(95)).dtype == torch.float32


def test_a_copy_moves_and_the_original_stays(core: MetabolicNetwork):
    moved = copy.deepcopy(core.stoichiometry).to("meta")
    assert moved.value.device.type == moved.row.device.type == "meta"
    assert core.stoichiometry.value.device.type == "cpu"


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_products_agree_on_cuda(core: MetabolicNetwork):
    fluxes = torch.randn(4, 95, dtype=torch.float64)
    moved = copy.deepcopy(core.stoichiometry).to("cuda")
    assert torch.allclose(moved(fluxes.cuda()).cpu(), core.stoichiometry(fluxes), atol=1e-12)
    assert_operator_laws(core.stoichiometry)


def test_the_operator_is_no_part_of_a_state_dict(core: MetabolicNetwork):
    assert dict(core.stoichiometry.state_dict()) == {}
    assert list(core.stoichiometry.parameters()) == []


def test_column_replaced_equals_the_dense_matrix(core: MetabolicNetwork):
    S, fluxes = core.stoichiometry, torch.randn(3, 95, dtype=torch.float64)
    column, coefficients = 7, torch.randn(72, dtype=torch.float64)
    dense = S.to_dense().clone()
    dense[:, column] = coefficients
    replaced = S.with_column(column, coefficients)
    assert torch.equal(replaced.to_dense(), dense)
    assert torch.allclose(replaced(fluxes), fluxes @ dense.T, atol=1e-10)
    assert not torch.equal(replaced.to_dense(), S.to_dense())


def test_gradients_reach_coefficients_and_fluxes():
    fluxes = torch.randn(2, 4, dtype=torch.float64, requires_grad=True)
    coefficients = torch.tensor([0.3, -2.0, 0.7], dtype=torch.float64, requires_grad=True)

    def balances(v, s):
        replaced = matrix().with_column(1, s)
        return replaced(v), replaced.adjoint(replaced(v))

    assert torch.autograd.gradcheck(balances, (fluxes, coefficients))
    gradient = torch.autograd.grad(balances(fluxes, coefficients)[0].sum(), coefficients)[0]
    assert torch.allclose(gradient, fluxes[:, 1].sum().expand(3))


def test_a_trained_coefficient_may_pass_through_zero():
    zero = torch.zeros(3, dtype=torch.float64, requires_grad=True)
    replaced = matrix().with_column(1, zero)
    replaced(torch.ones(4, dtype=torch.float64)).sum().backward()
    # The third metabolite takes no part before or after: no edge, no gradient.
    assert zero.grad is not None
    assert zero.grad.tolist() == [1.0, 1.0, 0.0]


def test_rows_combine_to_the_dense_product(core: MetabolicNetwork):
    weights = np.random.default_rng(0).normal(size=(2, 72))
    combined = core.stoichiometry.combine_rows(weights, ["x", "y"])
    assert combined.rows == ("x", "y")
    np.testing.assert_allclose(combined.to_dense(), weights @ core.stoichiometry.to_dense().numpy(), atol=1e-9)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([0], [0], [1.0], ["a", "a"], ["r"]), "`rows` must be unique; 'a'"),
        (([0], [0], [1.0], ["a"], ["r", "r"]), "`columns` must be unique; 'r'"),
        (([0, 0], [0], [1.0], ["a"], ["r"]), "vectors of one length"),
        (([0], [0], [float("nan")], ["a"], ["r"]), "`value` must be finite"),
        (([1], [0], [1.0], ["a"], ["r"]), r"`row` must lie in \[0, 1\); got 1"),
        (([0], [-1], [1.0], ["a"], ["r"]), r"`column` must lie in \[0, 1\); got -1"),
    ],
)
def test_bad_entries_are_refused(arguments, message):
    row, column, value, rows, columns = arguments
    with pytest.raises(InputError, match=message):
        Incidence(torch.tensor(row), torch.tensor(column), torch.tensor(value), rows, columns)


def test_bad_shapes_are_refused():
    with pytest.raises(InputError, match="must be 4, one entry per column"):
        matrix()(torch.ones(5))
    with pytest.raises(InputError, match="must be 3"):
        matrix().adjoint(torch.ones(4))
    with pytest.raises(InputError, match=r"has shape \(1, 2\); expected \(1, 1\)"):
        Incidence.from_dense([[1.0, 2.0]], ["a"], ["r"])
    with pytest.raises(InputError, match="`column` is 4; expected an index below 4"):
        matrix().with_column(4, torch.zeros(3))
    with pytest.raises(InputError, match=r"`coefficients` has shape \(2,\); expected \(3,\)"):
        matrix().with_column(0, torch.zeros(2))


def test_copies_are_the_same_map_and_threads_share_one(core):
    incidence = core.stoichiometry
    assert_copies_are_the_same(incidence)
    batches = torch.randn(16, 3, 95, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    expected = [incidence(batch) for batch in batches]
    assert all(map(torch.equal, in_threads(incidence, batches), expected))
    for duplicate in COPIES:
        other = duplicate(incidence)
        assert (other.rows, other.columns) == (incidence.rows, incidence.columns)
        assert torch.equal(other(batches[0]), expected[0])
