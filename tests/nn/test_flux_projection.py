import functools

import numpy as np
import pytest
import scipy.sparse
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from metagnn.models import FluxGNN, FluxGNNConfig, flux_gnn
from metagnn.models.constraint import CONSTRAINTS
from metagnn.network import Incidence, MetabolicNetwork, compression
from metagnn.network.conditions import Conditions
from metagnn.network.sparse_balances import SparseBalances
from metagnn.nn import PolytopeProjection, SplittingParameters, UnrolledSplitting, nullspace_basis
from metagnn.nn.flux_projection import AbstractFluxProjection, BalanceFactors, DenseProjection, SparseProjection
from metagnn.nn.splitting_iteration import iterate
from metagnn.studies.benchmarks.community import community_of_copies
from metagnn.testing import assert_balanced, random_network

seeds = st.integers(0, 2**32 - 1)


def randn(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed % 2**63))


def balances(S: Incidence) -> SparseBalances:
    matrix = scipy.sparse.csr_array(S.to_scipy())
    return SparseBalances(matrix[np.flatnonzero(np.diff(matrix.indptr))])


def both(network: MetabolicNetwork, scale: Tensor) -> tuple[AbstractFluxProjection, AbstractFluxProjection]:
    S = network.stoichiometry
    return DenseProjection.in_scale(nullspace_basis(S), scale), SparseProjection(BalanceFactors(balances(S)), scale)


def check_alike(network: MetabolicNetwork, seed: int) -> None:
    count = len(network.reactions)
    scale = torch.exp(0.5 * randn(count, seed=seed)).requires_grad_()
    fluxes, weights = 10 * randn(2, 3, count, seed=seed + 1), randn(2, 3, count, seed=seed + 2)
    fluxes.requires_grad_()
    answers = []
    for projection in both(network, scale):
        nearest = projection.nearest(fluxes)
        assert_balanced(network, nearest.detach(), tolerance=1e-9)
        again = projection.nearest(nearest)
        assert torch.allclose(again, nearest, rtol=0, atol=1e-9)
        answers.append((nearest, *torch.autograd.grad((nearest * weights).sum(), (fluxes, scale))))
    for dense, sparse in zip(*answers, strict=True):
        assert torch.allclose(dense, sparse, rtol=0, atol=1e-9 * (1 + float(dense.detach().abs().max())))


def test_dense_and_sparse_agree_on_core(core: MetabolicNetwork):
    check_alike(core, 0)


@settings(max_examples=15, deadline=None)
@given(seed=seeds)
def test_dense_and_sparse_agree_on_random_networks(seed: int):
    check_alike(random_network(seed), seed)


def test_gradients_of_the_sparse_projection_are_exact():
    network = random_network(5, 3, 6)
    known = BalanceFactors(balances(network.stoichiometry))

    def project(fluxes: Tensor, scale: Tensor) -> Tensor:
        return SparseProjection(known, scale).nearest(fluxes)

    leaves = randn(3, 6).requires_grad_(), (0.5 + randn(6, seed=1).abs()).requires_grad_()
    assert torch.autograd.gradcheck(project, leaves)


def step_arguments(count: int, steps: int) -> list[Tensor]:
    """What the iteration takes beside its projection: start, bounds, drive, pull, stiffness, ρ and μ."""
    tensors = [
        randn(2, count),
        torch.stack((-0.3 - randn(2, count, seed=1).abs(), 0.3 + randn(2, count, seed=2).abs())),
        randn(steps, count, seed=3),
        randn(2, count, seed=4),
        0.3 + 0.5 * torch.sigmoid(randn(2, count, seed=5)),
        torch.stack((1 + 0.2 * randn(steps, seed=6), 0.2 * randn(steps, seed=7))),
    ]
    return [tensor.requires_grad_() for tensor in tensors]


@pytest.mark.parametrize("steps", [1, 3])
def test_gradients_of_an_iteration_with_the_sparse_projection_are_exact(steps: int):
    network = random_network(5, 3, 6)
    known = BalanceFactors(balances(network.stoichiometry))

    def run(scale: Tensor, *local: Tensor) -> Tensor:
        return iterate(functools.partial(SparseProjection, known), *local, scale)

    scale = (0.5 + randn(6, seed=8).abs()).requires_grad_()
    assert torch.autograd.gradcheck(run, (scale, *step_arguments(6, steps)))


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 1e-8), (torch.float32, 1e-4)])
def test_the_splitting_is_the_same_by_a_basis_and_by_balances(core: MetabolicNetwork, dtype, tolerance):
    count, steps = len(core.reactions), 8
    bounds = (torch.tensor(bound).expand(4, count) for bound in (core.bounds.lower, core.bounds.upper))
    lower, upper = (bound + 0.1 * randn(4, count).abs() for bound in bounds)
    layer = UnrolledSplitting(steps).to(dtype)
    torch.nn.init.constant_(layer.momentum, 0.1)
    answers = []
    for states in (nullspace_basis(core.stoichiometry), balances(core.stoichiometry)):
        leaves = torch.exp(0.3 * randn(count)), 5 * randn(steps, count), randn(count, seed=2).abs(), 5 * randn(count)
        scale, drive, cost, start = (leaf.to(dtype).requires_grad_() for leaf in leaves)
        result = layer(lower, upper, SplittingParameters(scale, drive, cost, start), states)
        assert_balanced(core, result.at_steady_state.detach(), tolerance=1e-9)
        loss = (result.at_steady_state - result.within_bounds).square().mean()
        slopes = torch.autograd.grad(loss, (scale, drive, cost, start, *layer.parameters()))
        answers.append((result.within_bounds, result.at_steady_state, *slopes))
        with torch.no_grad():
            plain = layer(lower, upper, SplittingParameters(scale, drive, cost, start), states)
        assert torch.allclose(plain.at_steady_state, result.at_steady_state, rtol=0, atol=tolerance)
    for dense, sparse in zip(*answers, strict=True):
        assert torch.allclose(dense, sparse, rtol=0, atol=tolerance * (1 + float(dense.detach().abs().max())))


@pytest.fixture(scope="module")
def pair(core: MetabolicNetwork) -> MetabolicNetwork:
    return community_of_copies(core, 2)


def model(network: MetabolicNetwork, constraint: str = "steady_state") -> FluxGNN:
    torch.manual_seed(0)
    made = FluxGNN(network, ("EX_glc__D_e", "EX_o2_e"), constraint, FluxGNNConfig(8, 2, 12))
    torch.nn.init.normal_(made.head.weight, std=0.2, generator=torch.Generator().manual_seed(1))
    return made.double()


def media(network: MetabolicNetwork) -> tuple[Tensor, Tensor]:
    uptakes = np.array([[20.0, 40.0], [10.0, 5.0], [3.0, 30.0]])
    lower, upper = network.uptake_bounds(["EX_glc__D_e", "EX_o2_e"], uptakes)
    return torch.from_numpy(lower), torch.from_numpy(upper)


def make_sparse(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flux_gnn, "MOST_DENSE_GROUPS", 0)


def make_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compression, "MOST_DENSE_GROUPS", 0)


def test_a_model_is_the_same_by_a_basis_and_by_balances(pair: MetabolicNetwork, monkeypatch):
    dense, (lower, upper) = model(pair), media(pair)
    assert dense.balances is None
    make_sparse(monkeypatch)
    sparse = model(pair)
    assert sparse.balances is not None
    answers = []
    for made in (dense, sparse):
        fluxes = made(Conditions(lower, upper)).fluxes
        assert_balanced(pair, fluxes.detach(), tolerance=1e-9)
        slopes = torch.autograd.grad(
            fluxes.square().mean(), [*made.parameters()], allow_unused=True, materialize_grads=True
        )
        answers.append((fluxes, *slopes))
    assert answers[0][0].abs().max() > 1
    assert sum(bool(slope.abs().max() > 0) for slope in answers[0][1:]) > 10
    for mine, theirs in zip(*answers, strict=True):
        assert torch.allclose(mine, theirs, rtol=0, atol=1e-6 * (1 + float(mine.detach().abs().max())))


@pytest.mark.parametrize("constraint", CONSTRAINTS)
def test_the_laws_hold_for_a_model_of_a_network_without_a_basis(pair: MetabolicNetwork, constraint, monkeypatch):
    make_large(monkeypatch)
    large, (lower, upper) = model(pair, constraint).float().eval(), media(pair)
    assert large.groups.basis is None
    fluxes = large(Conditions(lower, upper)).fluxes.detach()
    assert fluxes.abs().max() > 1
    if constraint != "soft":
        assert_balanced(pair, fluxes, tolerance=1e-9 if constraint == "steady_state" else 1e-8)
    if constraint != "steady_state":
        assert bool(((fluxes >= lower - 1e-8) & (fluxes <= upper + 1e-8)).all())


def test_the_nearest_feasible_flux_of_a_large_network_is_that_of_a_small_one(pair: MetabolicNetwork, monkeypatch):
    lower, upper = media(pair)
    target = 5 * randn(3, len(pair.reactions))
    expected = PolytopeProjection(pair.stoichiometry)(target, lower, upper)
    make_large(monkeypatch)
    nearest = PolytopeProjection(pair.stoichiometry)(target, lower, upper)
    assert_balanced(pair, nearest, tolerance=1e-8)
    assert torch.allclose(nearest, expected, rtol=0, atol=1e-6)
