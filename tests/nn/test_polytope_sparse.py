import copy

import numpy as np
import pytest
import scipy.sparse
import torch
from torch import Tensor

from metagnn.datasets.reference_media import IJO1366_RANGES
from metagnn.errors import InputError
from metagnn.network import MetabolicNetwork
from metagnn.network.compression import Compression, compress
from metagnn.nn import PolytopeProjection
from metagnn.nn.implicit_nearest import ImplicitNearest
from metagnn.nn.polytope_newton import correct_densely, nearest_balanced
from metagnn.nn.polytope_sparse import SparseNearest
from metagnn.nn.reaction_groups import ReactionGroups
from metagnn.optimize import QuadraticProgram
from metagnn.testing import random_network

Problem = tuple[Tensor, Tensor, Tensor, Tensor]


def tensor(values: object) -> Tensor:
    return torch.tensor(np.array(values), dtype=torch.float64)


@pytest.fixture(scope="module")
def compression(core: MetabolicNetwork) -> Compression:
    return compress(core.stoichiometry, core.bounds.lower, core.bounds.upper)


@pytest.fixture(scope="module")
def problem(core: MetabolicNetwork, compression: Compression) -> Problem:
    """Target, bounds and weights of the groups of core, in eight samples."""
    rng = np.random.default_rng(0)
    groups = ReactionGroups.from_coupled(compression.coupled)
    weight = tensor(np.exp(rng.normal(size=(8, 95))))
    lower, upper = (tensor(bound).expand(8, 95) for bound in (core.bounds.lower, core.bounds.upper))
    target = groups.means(tensor(8 * rng.normal(size=(8, 95))), weight)
    return target, *groups.bounds(lower, upper), groups.weights(weight)


def small_problem(network: MetabolicNetwork, seed: int) -> tuple[Compression, Problem]:
    """Groups of a random network; bounds around zero that no two groups share, so that kinks are far."""
    compression, rng = compress(network.stoichiometry), np.random.default_rng(seed)
    shape = (2, compression.coupled.groups)
    lower, upper = -rng.uniform(0.5, 3, shape), rng.uniform(0.5, 3, shape)
    return compression, (
        tensor(4 * rng.normal(size=shape)),
        tensor(lower),
        tensor(upper),
        tensor(np.exp(0.3 * rng.normal(size=shape))),
    )


def test_it_finds_what_the_dense_method_finds_on_core(compression: Compression, problem: Problem):
    values, side, solved = SparseNearest(compression.coupled.matrix).solve(*problem)
    dense = nearest_balanced(tensor(compression.balance), *problem)
    assert bool(solved.all())
    assert bool(dense.solved.all())
    assert torch.allclose(values, dense.values, rtol=0, atol=1e-6)
    _, lower, upper, _ = problem
    assert bool(((values >= lower) & (values <= upper)).all())
    for bound, sign in ((lower, -1), (upper, 1)):
        held = side == sign
        assert held.any()
        assert torch.allclose(values[held], bound[held], rtol=0, atol=1e-6)


def check_gradients(compression: Compression, problem: Problem, seed: int, of: slice = slice(None)) -> None:
    """The same as the dense method's."""
    nearest = SparseNearest(compression.coupled.matrix)
    values, side, solved = nearest.solve(*problem)
    assert bool(solved.all())
    held = torch.where(side < 0, problem[1], torch.where(side > 0, problem[2], values))
    generator = torch.Generator().manual_seed(seed)
    upstream = torch.randn(values.shape, dtype=torch.float64, generator=generator)
    inputs = [x.clone().requires_grad_() for x in problem]
    sparse = ImplicitNearest.apply(held, side < 0, side > 0, *inputs, nearest.correct)
    dense = ImplicitNearest.apply(held, side < 0, side > 0, *inputs, correct_densely, tensor(compression.balance))
    assert torch.equal(sparse, held)
    gradients = (torch.autograd.grad(out, inputs, upstream)[of] for out in (sparse, dense))
    for mine, other in zip(*gradients, strict=True):
        assert torch.allclose(mine, other, rtol=0, atol=1e-6 * (1 + float(other.abs().max())))


def test_its_gradient_is_the_dense_methods_on_core(compression: Compression, problem: Problem):
    # Bounds at zero hold some fluxes together, and which of them passes what on is then open; the rest is not.
    check_gradients(compression, problem, 0, slice(None, None, 3))


@pytest.mark.parametrize("seed", range(6))
def test_its_gradient_is_the_dense_methods_on_random_networks(seed: int):
    check_gradients(*small_problem(random_network(seed), seed), seed)


@pytest.mark.parametrize("seed", range(6))
def test_its_gradient_is_that_of_finite_differences(seed: int):
    compression, problem = small_problem(random_network(seed), seed)
    nearest = SparseNearest(compression.coupled.matrix)
    _, side, _ = nearest.solve(*problem)

    def function(*inputs: Tensor) -> Tensor:
        values, side, _ = nearest.solve(*(x.detach() for x in inputs))
        return ImplicitNearest.apply(values, side < 0, side > 0, *inputs, nearest.correct)

    for name, place in (("target", 0), ("lower", 1), ("upper", 2), ("weight", 3)):
        nudged = [x + (1e-3 if where == place else 0.0) for where, x in enumerate(problem)]
        if not torch.equal(nearest.solve(*nudged)[1], side):
            pytest.skip(f"this draw lies near a kink of its {name}, where no gradient exists")
    inputs = [x.clone().requires_grad_() for x in problem]
    # A solver of 1e-9 leaves that much over the step.
    assert torch.autograd.gradcheck(function, inputs, eps=1e-4, atol=1e-4, rtol=1e-3, fast_mode=True)


def test_an_infeasible_row_is_unsolved_and_spoils_nothing(compression: Compression, problem: Problem):
    target, lower, upper, weight = (x[:5].clone() for x in problem)
    nearest = SparseNearest(compression.coupled.matrix)
    expected, _, _ = nearest.solve(target, lower, upper, weight)
    # What the maintenance reaction burns has to come from somewhere.
    inward = tensor(compression.coupled.matrix.toarray())
    stuck = int((inward[0] != 0).nonzero()[0])
    lower[2], upper[2] = torch.zeros_like(lower[2]), torch.zeros_like(upper[2])
    lower[2, stuck] = upper[2, stuck] = 1.0
    values, side, solved = nearest.solve(target, lower, upper, weight)
    assert solved.tolist() == [True, True, False, True, True]
    assert torch.isnan(values[2]).all()
    assert not side[2].any()
    others = [0, 1, 3, 4]
    assert torch.allclose(values[others], expected[others], rtol=0, atol=1e-7)


def test_bounds_that_are_the_widest_still_hold():
    # Every bound is as wide as the widest, and the target far outside: the first two add up to the last.
    matrix, ones = np.array([[1.0, 1.0, -1.0]]), torch.ones(1, 3, dtype=torch.float64)
    values, side, solved = SparseNearest(matrix).solve(50 * ones, -ones, ones, ones)
    assert bool(solved.all())
    assert values[0].tolist() == pytest.approx([0.5, 0.5, 1.0], abs=1e-7)
    assert side.tolist() == [[0, 0, 1]]


@pytest.fixture
def sparse(monkeypatch) -> None:
    """Every projection by the sparse solver, however small the network."""
    monkeypatch.setattr("metagnn.nn.polytope.MOST_BALANCES", 0)


@pytest.mark.usefixtures("sparse")
def test_a_projection_of_core_is_the_same_by_either_method(core: MetabolicNetwork, monkeypatch):
    by_sparse = PolytopeProjection(core.stoichiometry)
    monkeypatch.undo()
    by_dense = PolytopeProjection(core.stoichiometry)
    rng = np.random.default_rng(1)
    lower, upper = (tensor(bound).expand(6, 95) for bound in (core.bounds.lower, core.bounds.upper))
    target = tensor(8 * rng.normal(size=(6, 95))).requires_grad_()
    outs = [projection(target, lower, upper) for projection in (by_sparse, by_dense)]
    assert torch.allclose(*outs, rtol=0, atol=1e-6)
    upstream = tensor(rng.normal(size=(6, 95)))
    assert torch.allclose(*(torch.autograd.grad(out, target, upstream)[0] for out in outs), rtol=0, atol=1e-5)


@pytest.mark.usefixtures("sparse")
def test_what_the_sparse_solver_leaves_the_reference_finishes_with_its_gradient(core: MetabolicNetwork, monkeypatch):
    projection = PolytopeProjection(core.stoichiometry)
    rng = np.random.default_rng(2)
    lower, upper = (tensor(bound).expand(3, 95) for bound in (core.bounds.lower, core.bounds.upper))
    target = tensor(8 * rng.normal(size=(3, 95))).requires_grad_()
    upstream = tensor(rng.normal(size=(3, 95)))
    expected = projection(target, lower, upper)
    monkeypatch.setattr(SparseNearest, "_one", lambda _, target, *__: (None, np.zeros(len(target), dtype=np.int8)))
    assert projection.solve(target, lower, upper).by_reference == 3
    finished = projection(target, lower, upper)
    assert torch.allclose(finished, expected, rtol=0, atol=1e-6)
    gradients = (torch.autograd.grad(out, target, upstream)[0] for out in (finished, expected))
    assert torch.allclose(*gradients, rtol=0, atol=1e-5)


def widest(network: MetabolicNetwork, names: list[str]) -> tuple[np.ndarray, np.ndarray]:
    lower, upper = network.bounds.lower.copy(), network.bounds.upper.copy()
    varied = [network.reaction_index(name) for name in names]
    lower[varied], upper[varied] = -np.inf, np.inf
    return lower, upper


def test_genome_scale_within_the_widest_bounds_keeps_both_laws_and_is_the_reference_solvers(
    iJO1366: MetabolicNetwork,
):
    names = list(IJO1366_RANGES)
    projection = PolytopeProjection(iJO1366.stoichiometry, *widest(iJO1366, names))
    rng = np.random.default_rng(0)
    lower, upper = map(tensor, iJO1366.uptake_bounds(names, rng.uniform(5, 10, (2, len(names)))))
    target, weight = tensor(2 * rng.normal(size=lower.shape)), tensor(np.exp(0.5 * rng.normal(size=lower.shape)))
    moving = target.clone().requires_grad_()
    fluxes = projection(moving, lower, upper, weight)
    assert iJO1366.stoichiometry(fluxes.detach()).abs().max() <= 1e-8
    assert torch.relu(torch.maximum(lower - fluxes, fluxes - upper)).max() <= 1e-6
    reference = QuadraticProgram(iJO1366.stoichiometry.to_scipy(), weight[0].numpy())
    found = reference.solve((weight * target)[0].numpy(), lower[0].numpy(), upper[0].numpy())
    assert fluxes[0].detach().numpy() == pytest.approx(found.values, abs=1e-5)
    # Of no reaction that is blocked does the target matter; the gradient is finite in all.
    fluxes.square().sum().backward()
    assert moving.grad is not None
    assert torch.isfinite(moving.grad).all()
    assert not moving.grad[:, projection.groups.ratio == 0].any()
    # With its prepared solver, it can be copied.
    again = copy.deepcopy(projection)(target, lower, upper, weight)
    assert torch.allclose(again, fluxes, rtol=0, atol=1e-7)


def test_weights_of_measured_rates_many_powers_of_ten_apart_are_no_obstacle(iJO1366: MetabolicNetwork):
    # As in a reconciliation: rates known to a few percent, the absence of acetate to 1e-6, others almost free.
    names = list(IJO1366_RANGES)
    projection = PolytopeProjection(iJO1366.stoichiometry, *widest(iJO1366, names))
    lower, upper = map(tensor, iJO1366.uptake_bounds(names, np.full((3, len(names)), 10.0)))
    target, weight = torch.zeros_like(lower), torch.full_like(lower, 1e-4)
    rates = {"EX_glc__D_e": [-2.0, -4.0, -7.0], iJO1366.growth_reaction: [0.1, 0.2, 0.4], "EX_ac_e": [0.0] * 3}
    for name, values in rates.items():
        column = iJO1366.reaction_index(name)
        target[:, column] = tensor(values)
        weight[:, column] = 1e12 if name == "EX_ac_e" else (0.03 * target[:, column]) ** -2
    solution = projection.solve(target, lower, upper, weight)
    assert solution.status == ("optimal",) * 3
    assert solution.by_reference == 0, "none is left to the slow solver"
    for name, values in rates.items():
        assert solution.fluxes[:, iJO1366.reaction_index(name)].numpy() == pytest.approx(values, rel=0.1, abs=1e-4)


def test_bounds_that_open_what_was_left_out_are_refused(core: MetabolicNetwork):
    projection = PolytopeProjection(core.stoichiometry, core.bounds.lower, core.bounds.upper)
    lower, upper = (tensor(bound).expand(2, 95).clone() for bound in (core.bounds.lower, core.bounds.upper))
    target = torch.zeros_like(lower)
    usual = projection(target, lower, upper)
    fructose = core.reaction_index("EX_fru_e")
    lower[1, fructose] = -10.0
    message = f"bounds -10, 1000 of sample 1, reaction {fructose} are wider than those of the projection"
    with pytest.raises(InputError, match=message):
        projection(target, lower, upper)
    with pytest.raises(InputError, match=message):
        projection.solve(target, lower, upper)
    # Made for any bounds, it takes these; and narrower ones are always right.
    assert torch.isfinite(PolytopeProjection(core.stoichiometry)(target, lower, upper)).all()
    lower[1, fructose] = 0.0
    assert torch.equal(projection(target, lower, upper), usual)
    glucose = core.reaction_index("EX_glc__D_e")
    lower[:, glucose] = -5.0
    assert projection(target, lower, upper)[0, glucose] >= -5.0


def test_the_widest_bounds_say_which_way_a_flux_can_go_and_not_how_far(core: MetabolicNetwork):
    narrow, free = (
        PolytopeProjection(core.stoichiometry, core.bounds.lower, core.bounds.upper),
        PolytopeProjection(core.stoichiometry),
    )
    lower, upper = tensor(core.bounds.lower), tensor(core.bounds.upper)
    target = tensor(10 * np.random.default_rng(3).normal(size=95))
    for factor in (1.0, 2.0, 0.1):
        bounds = factor * lower, factor * upper
        assert torch.allclose(narrow(target, *bounds), free(target, *bounds), rtol=0, atol=1e-7)
    # Rounding of bounds in single precision is no reason to refuse them.
    single = (lower * 1.1).float(), (upper * 1.1).float()
    assert torch.allclose(narrow(target, *single), free(target, *single), rtol=0, atol=1e-7)


def chain(length: int, ratio: float) -> tuple[scipy.sparse.csc_array, Problem]:
    """Columns that are each `ratio` times the one before, all positive, the two ends measured."""
    rows = np.arange(length)
    matrix = scipy.sparse.csc_array(
        (np.concatenate([np.full(length, ratio), np.full(length, -1.0)]), (np.tile(rows, 2), np.r_[rows, rows + 1])),
        shape=(length, length + 1),
    )
    target, weight = np.zeros((1, length + 1)), np.full((1, length + 1), 1e-4)
    target[0, [0, -1]], weight[0, [0, -1]] = (2.0, 3.0 * ratio**length), (100.0, 400.0 * ratio ** (-2 * length))
    return matrix, (tensor(target), tensor(np.zeros_like(target)), tensor(np.full_like(target, np.inf)), tensor(weight))


def test_a_bound_of_zero_holds_where_no_other_bound_is_finite():
    matrix = scipy.sparse.csc_array([[1.0, 1.0, -1.0]])
    target, zero = tensor([[3.0, -2.0, 0.0]]), tensor(np.zeros((1, 3)))
    values, side, solved = SparseNearest(matrix).solve(target, zero, zero + np.inf, zero + 1)
    assert solved.tolist() == [True]
    np.testing.assert_allclose(values.numpy(), [[1.5, 0.0, 1.5]], atol=1e-9)
    assert side.tolist() == [[0, -1, 0]]


def test_weights_of_eighteen_decades_are_met_as_by_least_squares():
    ratio, length = 1e-2, 3
    matrix, problem = chain(length, ratio)
    values, _, solved = SparseNearest(matrix).solve(*problem)
    target, weight = problem[0].numpy()[0], problem[3].numpy()[0]
    direction = ratio ** np.arange(length + 1)
    best = (weight * direction) @ target / ((weight * direction) @ direction)
    assert weight.max() / weight.min() > 1e18
    assert solved.tolist() == [True]
    np.testing.assert_allclose((values.numpy()[0] - best * direction) * np.sqrt(weight), 0, atol=1e-5)


def test_a_gradient_survives_a_factor_that_is_singular(monkeypatch: pytest.MonkeyPatch):
    matrix = np.array([[1.0, 1.0, -1.0, 0.0], [0.0, 0.0, 1.0, -1.0]])
    values, variance = tensor([[1.0, 2.0, 3.0, 4.0]]), tensor([[1.0, 0.0, 2.0, 0.5]])
    nearest = SparseNearest(matrix)
    expected = nearest.correct(values, variance)

    def singular(*_: object) -> None:
        raise RuntimeError("Factor is exactly singular")

    monkeypatch.setattr("metagnn.nn.polytope_sparse.ActiveSet", singular)
    assert torch.allclose(nearest.correct(values, variance), expected, rtol=0, atol=1e-12)
