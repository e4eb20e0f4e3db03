import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog
from torch import Tensor

from metagnn.errors import InputError, NetworkError
from metagnn.network import Incidence, MetabolicNetwork
from metagnn.testing import (
    assert_balanced,
    assert_operator_laws,
    assert_permutation_equivariant,
    permute_network,
    random_network,
    toy_network,
)


def test_equations_become_a_network():
    network = toy_network(
        {
            "EX_a": "a <=>",
            "r": "2 a + b -> 0.5 c",
            "s": "c <- a",
            "growth": "c ->",
            "EX_b": "<=> b",
            "cycle": "a + c -> 2 c",
        },
        objective="growth",
        bounds={"EX_a": (-3, 1000)},
        formulas={"a": "C6H12O6", "b": "FeC0.5"},
        charges={"a": -1},
    )
    assert network.metabolites == ("a", "b", "c")
    assert network.stoichiometry.to_dense().tolist() == [
        [-1.0, -2.0, 1.0, 0.0, 0.0, -1.0],
        [0.0, -1.0, 0.0, 0.0, 1.0, 0.0],
        [0.0, 0.5, -1.0, -1.0, 0.0, 1.0],
    ]
    assert network.bounds.lower.tolist() == [-3.0, 0.0, -1000.0, 0.0, -1000.0, 0.0]
    assert network.bounds.upper.tolist() == [1000.0, 1000.0, 0.0, 1000.0, 1000.0, 1000.0]
    assert (network.exchanges, network.growth_reaction) == (("EX_a", "EX_b"), "growth")
    assert [m.formula for m in network.metabolite_table] == [
        {"C": 6.0, "H": 12.0, "O": 6.0},
        {"Fe": 1.0, "C": 0.5},
        None,
    ]
    assert [m.charge for m in network.metabolite_table] == [-1.0, None, None]


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"equations": {"r": "a = b"}}, InputError, "equation of 'r' is 'a = b'; expected one of ->, <=>, <-"),
        ({"equations": {"r": "a -> b -> c"}}, InputError, "equation of 'r'"),
        ({"equations": {"r": "2 3 a -> b"}}, InputError, "has the term '2 3 a'; expected 'a' or '2 a'"),
        ({"equations": {"r": "a -> b"}, "formulas": {"a": "c2"}}, InputError, "formula 'c2' cannot be read"),
        (
            {"equations": {"r": "a -> b"}, "objective": "rr"},
            NetworkError,
            "'rr' is no reaction of toy; did you mean 'r'",
        ),
        ({"equations": {"r": "a -> b"}, "bounds": {"q": (0, 1)}}, NetworkError, "'q' is no reaction of toy"),
        ({"equations": {"r": "a -> b"}, "charges": {"z": 1}}, NetworkError, "'z' is no metabolite of toy"),
        ({"equations": {"r": "a -> b"}, "bounds": {"r": (2, 1)}}, NetworkError, "bounds of 'r' are"),
    ],
)
def test_what_cannot_be_a_network_is_refused(arguments, error, message):
    with pytest.raises(error, match=message):
        toy_network(**arguments)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), metabolites=st.integers(2, 12), extra=st.integers(0, 12))
def test_random_networks_have_a_flux_strictly_inside_all_bounds(seed, metabolites, extra):
    reactions = max(1, metabolites // 3) + 2 + extra
    network = random_network(seed, metabolites, reactions)
    assert network.stoichiometry.shape == (metabolites, reactions)
    assert network.growth_reaction == "growth"
    assert network.exchanges
    S = network.stoichiometry.to_dense().numpy()
    assert (S.round() == S).all()
    # Largest slack t such that lower + t ≤ v ≤ upper − t and S·v = 0.
    identity, one = np.eye(reactions), np.ones((reactions, 1))
    answer = linprog(
        np.append(np.zeros(reactions), -1.0),
        A_ub=np.vstack([np.hstack([identity, one]), np.hstack([-identity, one])]),
        b_ub=np.concatenate([network.bounds.upper, -network.bounds.lower]),
        A_eq=np.hstack([S, np.zeros((metabolites, 1))]),
        b_eq=np.zeros(metabolites),
        bounds=[(None, None)] * reactions + [(0, None)],
    )
    assert answer.status == 0
    assert -answer.fun > 0.5


def test_random_networks_repeat_with_their_seed_only():
    assert random_network(7).fingerprint == random_network(np.random.default_rng(7)).fingerprint
    assert random_network(7).fingerprint != random_network(8).fingerprint
    with pytest.raises(InputError, match="1 metabolites and 16 reactions are too few"):
        random_network(0, metabolites=1)
    with pytest.raises(InputError, match="expected at least 2 metabolites and 5 reactions"):
        random_network(0, metabolites=9, reactions=4)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_permuting_there_and_back_is_nothing(seed):
    network, random = random_network(seed), np.random.default_rng(seed)
    reactions = random.permutation(len(network.reactions)).tolist()
    metabolites = random.permutation(len(network.metabolites)).tolist()
    there = permute_network(network, reactions, metabolites)
    back = permute_network(there, np.argsort(reactions).tolist(), np.argsort(metabolites).tolist())
    assert back.fingerprint == network.fingerprint
    assert torch.equal(there.stoichiometry.to_dense(), network.stoichiometry.to_dense()[metabolites][:, reactions])
    for i, name in enumerate(network.reactions):
        j = there.reaction_index(name)
        assert there.bounds.lower[j] == network.bounds.lower[i]
        assert there.reaction_table[j] == network.reaction_table[i]


def test_orders_that_are_no_permutation_are_refused():
    network = toy_network({"r": "a -> b", "s": "b -> a"})
    with pytest.raises(InputError, match="`reaction_order` is not a permutation of 2 positions"):
        permute_network(network, [0, 0], [0, 1])
    with pytest.raises(InputError, match="`metabolite_order` is not a permutation of 2 positions"):
        permute_network(network, [0, 1], [0])


CHAIN = {"EX_a": "a <=>", "r": "a -> 2 b", "growth": "b ->"}


def test_balanced_fluxes_pass_and_others_are_named():
    network = toy_network(CHAIN)
    assert_balanced(network, torch.tensor([[-3.0, 3.0, 6.0], [0.0, 0.0, 0.0]]))
    with pytest.raises(AssertionError, match=r"\|S·v\| is 0.5 at 'b'; expected at most 1e-09"):
        assert_balanced(network, torch.tensor([[-3.0, 3.0, 6.0], [-3.0, 3.0, 6.5]]))
    assert_balanced(network, torch.tensor([-3.0, 3.0, 6.5]), tolerance=0.6)
    with pytest.raises(AssertionError, match="1 of 3 fluxes are not finite"):
        assert_balanced(network, torch.tensor([-3.0, float("nan"), 6.0]))
    with pytest.raises(AssertionError, match="are empty"):
        assert_balanced(network, torch.ones(0, 3))


def gradient_of_imbalance(network: MetabolicNetwork, fluxes: Tensor) -> Tensor:
    return network.stoichiometry.adjoint(network.stoichiometry(fluxes))


def test_functions_of_the_graph_are_equivariant(core: MetabolicNetwork):
    assert_permutation_equivariant(gradient_of_imbalance, core, torch.randn(3, 95, dtype=torch.float64))


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda network, x: x + torch.arange(95), "relabelling the nodes changes "),
        (lambda network, x: x.cumsum(-1), "relabelling the nodes changes "),
        (lambda network, x: torch.where(x > 99, x, torch.nan), "relabelling the nodes changes "),
        (lambda network, x: torch.zeros_like(x), "one constant, which is equivariant but proves nothing"),
        (lambda network, x: network.stoichiometry(x), "expected 95 reactions in the last"),
    ],
)
def test_functions_of_the_order_are_caught(function, message, core: MetabolicNetwork):
    with pytest.raises(AssertionError, match=message):
        assert_permutation_equivariant(function, core, torch.randn(2, 95, dtype=torch.float64))


class Broken(Incidence):
    fault = ""

    def forward(self, fluxes: Tensor) -> Tensor:
        out = super().forward(fluxes)
        if self.fault == "dense":
            return out + 1e-3
        if self.fault == "dtype":
            return out.double()
        if self.fault == "gradient":
            return out.detach() + 0 * fluxes.sum()
        return out

    def adjoint(self, potentials: Tensor) -> Tensor:
        return -super().adjoint(potentials) if self.fault == "adjoint" else super().adjoint(potentials)


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("dense", "law broken: A x equals the dense product: off by 0.001"),
        ("dtype", "A x of float32 is torch.float64"),
        ("gradient", "law broken: A x has the derivatives of a linear map"),
        ("adjoint", "law broken: Aᵀ x equals the dense product"),
    ],
)
def test_broken_operators_are_caught(fault, message):
    S = toy_network(CHAIN).stoichiometry
    broken = Broken(S.row, S.column, S.value, S.rows, S.columns)
    assert_operator_laws(broken)
    broken.fault = fault
    with pytest.raises(AssertionError, match=message):
        assert_operator_laws(broken)


def test_a_zero_operator_proves_nothing():
    with pytest.raises(AssertionError, match="the operator is zero"):
        assert_operator_laws(Incidence.from_dense(np.zeros((2, 2)), ["a", "b"], ["r", "s"]))
