import warnings

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from metagnn.datasets import uniform_media
from metagnn.datasets.reference_media import E_COLI_CORE_RANGES
from metagnn.errors import InputError
from metagnn.fba import simulate_fluxes
from metagnn.network import Incidence, MetabolicNetwork
from metagnn.nn import PolytopeProjection, SteadyStateProjection
from metagnn.optimize import QuadraticProgram
from metagnn.testing import random_network

Problem = tuple[Tensor, Tensor, Tensor]


def tensor(values: object) -> Tensor:
    return torch.tensor(np.array(values), dtype=torch.float64)


@pytest.fixture(scope="module")
def projection(core: MetabolicNetwork) -> PolytopeProjection:
    return PolytopeProjection(core.stoichiometry)


@pytest.fixture(scope="module")
def problem(core: MetabolicNetwork) -> Problem:
    """Noisy fluxes of 200 feasible media, and the bounds of these."""
    media = uniform_media(E_COLI_CORE_RANGES, 200, seed=3)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        labels = simulate_fluxes(core, media)
    lower, upper = core.uptake_bounds(list(media.columns), media.to_numpy())
    noise = 2 * np.random.default_rng(3).standard_normal(lower.shape)
    kept = labels.feasible.to_numpy()
    target, lower, upper = (tensor(a[kept]) for a in (labels.fluxes.to_numpy() + noise, lower, upper))
    return target, lower, upper


def weights(like: Tensor, seed: int = 0, spread: float = 1.5) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.exp(spread * torch.randn(like.shape, dtype=torch.float64, generator=generator))


def check_laws(network: MetabolicNetwork, fluxes: Tensor, lower: Tensor, upper: Tensor) -> None:
    assert network.stoichiometry(fluxes).abs().max() <= 1e-9
    assert torch.relu(lower - fluxes).max() <= 1e-9
    assert torch.relu(fluxes - upper).max() <= 1e-9


def random_problem(network: MetabolicNetwork, seed: int, samples: int = 4) -> Problem:
    """Targets and bounds around feasible fluxes; a third of the bounds are pins."""
    rng = np.random.default_rng(seed)
    centre = SteadyStateProjection(network.stoichiometry)(tensor(rng.normal(size=(samples, len(network.reactions)))))
    room = tensor(rng.choice([0.0, 0.5, 2.0], size=(2, *centre.shape)))
    return tensor(5 * rng.normal(size=centre.shape)), centre - room[0], centre + room[1]


def test_both_laws_hold_and_every_optimum_is_the_reference_solvers(core, projection, problem: Problem):
    target, lower, upper = problem
    weight = weights(target)
    solution = projection.solve(target, lower, upper, weight)
    assert set(solution.status) == {"optimal"}
    assert solution.by_reference == 0
    check_laws(core, solution.fluxes, lower, upper)
    for row in range(0, len(target), 5):
        program = QuadraticProgram(core.stoichiometry.to_scipy(), weight[row].numpy())
        reference = program.solve((weight * target)[row].numpy(), lower[row].numpy(), upper[row].numpy())
        assert np.allclose(solution.fluxes[row], reference.values, rtol=0, atol=1e-7)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_the_laws_and_the_optimum_hold_on_random_networks_with_pins(seed: int):
    network = random_network(seed)
    target, lower, upper = random_problem(network, seed)
    weight = weights(target, seed)
    projection = PolytopeProjection(network.stoichiometry)
    solution = projection.solve(target, lower, upper, weight)
    assert set(solution.status) == {"optimal"}
    check_laws(network, solution.fluxes, lower, upper)
    # Nearest: from any other feasible point the target is seen under an obtuse angle.
    other = projection.solve(-target, lower, upper, weight).fluxes
    gradient = weight * (solution.fluxes - target)
    assert ((gradient * (other - solution.fluxes)).sum(-1) >= -1e-6 * (1 + gradient.norm(dim=-1))).all()


def test_a_projection_is_idempotent_and_leaves_the_feasible_alone(projection, problem: Problem):
    target, lower, upper = problem
    once = projection(target, lower, upper)
    assert torch.allclose(projection(once, lower, upper), once, rtol=0, atol=1e-9)
    assert torch.allclose(projection(once, lower, upper, weights(target, 1)), once, rtol=0, atol=1e-9)


def test_a_batch_is_a_loop_in_any_shape(projection, problem: Problem):
    target, lower, upper = (x[:12] for x in problem)
    together = projection(target, lower, upper)
    for row in range(12):
        assert torch.allclose(projection(target[row], lower[row], upper[row]), together[row], rtol=0, atol=1e-9)
    shaped = projection(target.reshape(3, 4, -1), lower.reshape(3, 4, -1), upper.reshape(3, 4, -1))
    assert torch.allclose(shaped.reshape(12, -1), together, rtol=0, atol=1e-9)
    assert projection(target.float(), lower, upper).dtype == torch.float32


def test_without_bounds_it_is_the_steady_state_projection(core: MetabolicNetwork, projection, problem: Problem):
    target, _, _ = problem
    wide = torch.full_like(target, torch.inf)
    metric = weights(target[0], 4)
    expected = SteadyStateProjection(core.stoichiometry)(target, metric)
    assert torch.allclose(projection(target, -wide, wide, metric), expected, rtol=0, atol=1e-8)


def test_pinned_growth_with_the_least_norm_is_the_least_norm_label(core: MetabolicNetwork, projection):
    media = uniform_media({"EX_glc__D_e": (4, 10), "EX_o2_e": (8, 20)}, 10, seed=1)
    labels = simulate_fluxes(core, media, method="min_norm")
    lower, upper = map(tensor, core.uptake_bounds(list(media.columns), media.to_numpy()))
    growth = core.reaction_index(core.growth_reaction)
    # A hair below the optimum: at it, no flux is free to move and the polytope has no inside.
    lower[:, growth] = upper[:, growth] = tensor(labels.growth.to_numpy()) * (1 - 1e-6)
    fluxes = projection(torch.zeros_like(lower), lower, upper)
    assert np.allclose(fluxes.numpy(), labels.fluxes.to_numpy(), rtol=0, atol=1e-2)
    check_laws(core, fluxes, lower, upper)


def test_an_infeasible_sample_is_named_and_spoils_nothing(core: MetabolicNetwork, projection, problem: Problem):
    target, lower, upper = (x[:6].clone() for x in problem)
    expected = projection(target, lower, upper)
    maintenance, glucose = core.reaction_index("ATPM"), [core.reaction_index(e) for e in E_COLI_CORE_RANGES]
    lower[2, glucose] = 0.0
    lower[4, maintenance], upper[4, maintenance] = 900.0, 1000.0
    solution = projection.solve(target, lower, upper)
    assert solution.status == ("optimal", "optimal", "infeasible", "optimal", "infeasible", "optimal")
    assert torch.isnan(solution.fluxes[[2, 4]]).all()
    others = [0, 1, 3, 5]
    assert torch.allclose(solution.fluxes[others], expected[others], rtol=0, atol=1e-9)
    moving = target.clone().requires_grad_()
    with pytest.warns(UserWarning, match="2 of 6 samples have no nearest feasible flux and are NaN"):
        fluxes = projection(moving, lower, upper)
    fluxes[others].sum().backward()
    assert moving.grad is not None
    assert torch.isfinite(moving.grad).all()
    assert not moving.grad[[2, 4]].any()


def away_from_kinks(network: MetabolicNetwork, seed: int) -> Problem | None:
    """A problem whose active set no small change alters."""
    target, lower, upper = random_problem(network, seed, samples=2)
    # Two coupled fluxes held by their bounds at once would be a kink too.
    generator = torch.Generator().manual_seed(seed)
    lower = lower - 0.2 - 0.2 * torch.rand(lower.shape, dtype=torch.float64, generator=generator)
    upper = upper + 0.2 + 0.2 * torch.rand(lower.shape, dtype=torch.float64, generator=generator)
    projection = PolytopeProjection(network.stoichiometry)
    here = projection(target, lower, upper)
    gap = torch.minimum(here - lower, upper - here)
    free = (gap > 0) & (gap < 1e-3)
    # A held flux with almost no force on it would let go.
    moved = projection(target + 1e-4 * torch.ones_like(target), lower, upper)
    changed = ((here <= lower) != (moved <= lower)) | ((here >= upper) != (moved >= upper))
    return None if bool(free.any()) or bool(changed.any()) else (target, lower, upper)


@pytest.mark.parametrize("seed", range(12))
def test_its_gradient_is_that_of_finite_differences_away_from_kinks(seed: int):
    network = random_network(seed)
    found = away_from_kinks(network, seed)
    if found is None:
        pytest.skip("this draw lies at a kink, where no gradient exists")
    target, lower, upper = found
    projection, weight = PolytopeProjection(network.stoichiometry), weights(target, seed, 0.3)
    inputs = [x.clone().requires_grad_() for x in (target, lower, upper, weight)]
    assert torch.autograd.gradcheck(projection, inputs, eps=1e-6, atol=1e-4, rtol=1e-3)


def test_gradients_of_held_fluxes_go_to_their_bounds():
    chain = Incidence.from_dense([[1.0, -1.0]], rows=["a"], columns=["in", "out"])
    target = tensor([8.0, 2.0]).requires_grad_()
    lower, upper = tensor([0.0, 0.0]), tensor([10.0, 3.0]).requires_grad_()
    fluxes = PolytopeProjection(chain)(target, lower, upper)
    fluxes[0].backward()
    assert fluxes.tolist() == pytest.approx([3.0, 3.0], abs=1e-12)
    assert target.grad.tolist() == [0.0, 0.0]
    assert upper.grad.tolist() == pytest.approx([0.0, 1.0])


def test_what_the_batched_method_leaves_the_reference_finishes(core, problem: Problem, monkeypatch):
    monkeypatch.setattr("metagnn.nn.polytope_newton.MOST_ITERATIONS", 1)
    target, lower, upper = (x[:8] for x in problem)
    projection = PolytopeProjection(core.stoichiometry)
    solution = projection.solve(target, lower, upper)
    monkeypatch.undo()
    assert solution.by_reference > 0
    assert set(solution.status) == {"optimal"}
    assert torch.allclose(solution.fluxes, projection.solve(target, lower, upper).fluxes, rtol=0, atol=1e-7)


def test_genome_scale_goes_to_the_reference_and_back(iJO1366: MetabolicNetwork):
    projection = PolytopeProjection(iJO1366.stoichiometry)
    lower, upper = tensor(iJO1366.bounds.lower)[None], tensor(iJO1366.bounds.upper)[None]
    target = tensor(np.random.default_rng(0).normal(size=lower.shape)).requires_grad_()
    fluxes = projection(target, lower, upper)
    assert iJO1366.stoichiometry(fluxes.detach()).abs().max() < 1e-7
    assert torch.relu(torch.maximum(lower - fluxes, fluxes - upper)).max() < 1e-7
    fluxes.square().sum().backward()
    assert torch.isfinite(target.grad).all()


def test_input_that_cannot_be_projected_is_refused(projection, problem: Problem):
    target, lower, upper = (x[:2].clone() for x in problem)
    with pytest.raises(InputError, match=r"`weight` has shape \(2, 94\); its last dimension must be 95"):
        projection(target, lower, upper, torch.ones(2, 94))
    with pytest.raises(InputError, match="`target` must be finite"):
        projection(target * torch.nan, lower, upper)
    with pytest.raises(InputError, match="`weight` must be positive and finite"):
        projection(target, lower, upper, torch.zeros(95, dtype=torch.float64))
    lower[1, 7] = upper[1, 7] + 1
    with pytest.raises(InputError, match="`lower` exceeds `upper` in sample 1, reaction 7"):
        projection(target, lower, upper)
