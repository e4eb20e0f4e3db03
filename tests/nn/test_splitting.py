import numpy as np
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from torch import Tensor

from metagnn.datasets import uniform_media
from metagnn.fba import simulate_fluxes
from metagnn.network import MetabolicNetwork
from metagnn.nn.splitting import SplittingParameters, UnrolledSplitting
from metagnn.nn.splitting_iteration import SplittingIteration, SplittingPlan
from metagnn.nn.steady_state import SteadyStateProjection, nullspace_basis
from metagnn.optimize import QuadraticProgram
from metagnn.testing import assert_balanced, random_network

seeds = st.integers(0, 2**32 - 1)


def randn(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def parameters(reactions: int, steps: int, seed: int = 0, drive: float = 1.0) -> SplittingParameters:
    return SplittingParameters(
        scale=torch.exp(0.3 * randn(reactions, seed=seed)),
        # The same pull in every step: then there is something to converge to.
        drive=(drive * randn(reactions, seed=seed + 1)).expand(steps, reactions),
        shrinkage=0.2 + randn(reactions, seed=seed + 2).abs(),
        start=5 * randn(reactions, seed=seed + 3),
    )


def bounds(network: MetabolicNetwork) -> tuple[Tensor, Tensor]:
    return torch.tensor(network.bounds.lower), torch.tensor(network.bounds.upper)


def core_media(core: MetabolicNetwork, samples: int, seed: int = 0) -> tuple[Tensor, Tensor, np.ndarray]:
    media = uniform_media({"EX_glc__D_e": (3, 10), "EX_o2_e": (3, 20)}, samples, seed)
    growth = simulate_fluxes(core, media, "fba").growth.to_numpy()
    lower, upper = core.uptake_bounds(list(media.columns), media.to_numpy())
    return torch.from_numpy(lower), torch.from_numpy(upper), growth


def lively(reactions: int, steps: int, seed: int = 0) -> SplittingParameters:
    """float32, as a model gives them, different in every step."""
    return SplittingParameters(
        scale=torch.exp(0.3 * randn(reactions, seed=seed)).float(),
        drive=(5 * randn(steps, reactions, seed=seed + 1)).float(),
        shrinkage=randn(reactions, seed=seed + 2).abs().float(),
        start=(5 * randn(reactions, seed=seed + 3)).float(),
    )


@settings(max_examples=10, deadline=None)
@given(seed=seeds, drive=st.sampled_from([0.0, 3.0]), measured=st.booleans())
@example(seed=797259, drive=0.0, measured=True)
def test_many_steps_solve_the_quadratic_program(seed, drive, measured):
    network, seed = random_network(seed), seed % 1000
    lower, upper = bounds(network)
    basis = nullspace_basis(network.stoichiometry)
    target, precision = (20 * randn(16, seed=seed + 4), randn(16, seed=seed + 5).abs()) if measured else (None, None)
    given_ = parameters(16, 1, seed, drive)
    metric = given_.scale.pow(-2)
    weights, pull = given_.shrinkage * metric, given_.drive[0] * given_.scale * metric
    if target is not None and precision is not None:
        weights, pull = weights + precision * metric, pull + precision * target * metric
    program = QuadraticProgram(network.stoichiometry.to_scipy(), weights.numpy())
    solution = program.solve(pull.numpy(), lower.numpy(), upper.numpy())
    assert solution.status == "optimal"
    expected = torch.from_numpy(solution.values)
    # Where a cost is nearly zero the iteration is slow, but it gets there.
    for steps in (4000, 40_000):
        with torch.no_grad():
            result = UnrolledSplitting(steps).double()(
                lower, upper, parameters(16, steps, seed, drive), basis, target, precision
            )
        ends = result.within_bounds, result.at_steady_state
        if all(torch.allclose(end, expected, atol=1e-4) for end in ends):
            break
    else:
        pytest.fail(f"after {steps} steps {max(float((end - expected).abs().max()) for end in ends):.1e} off")


def test_without_a_drive_it_finds_the_smallest_feasible_flux_of_core(core: MetabolicNetwork):
    steps, (lower, upper, _) = 3000, core_media(core, 3)
    ones = torch.ones(95, dtype=torch.float64)
    given_ = SplittingParameters(ones, torch.zeros(steps, 95, dtype=torch.float64), 0.01 * ones, 3 * randn(95))
    with torch.no_grad():
        result = UnrolledSplitting(steps).double()(lower, upper, given_, nullspace_basis(core.stoichiometry))
    program = QuadraticProgram(core.stoichiometry.to_scipy())
    for row in range(3):
        nearest = program.solve(np.zeros(95), lower[row].numpy(), upper[row].numpy()).values
        # Not zero: maintenance has to be paid.
        assert np.abs(nearest).max() > 0.5
        assert np.abs(result.at_steady_state[row].numpy() - nearest).max() < 1e-4


def test_with_a_drive_on_growth_it_approximates_flux_balance_analysis(core: MetabolicNetwork):
    steps, (lower, upper, growth) = 400, core_media(core, 12)
    index = core.reaction_index(core.growth_reaction)
    scale, drive = torch.ones(95, dtype=torch.float64), torch.zeros(steps, 95, dtype=torch.float64)
    scale[index], drive[:, index] = 0.1, 30.0
    given_ = SplittingParameters(scale, drive, torch.full_like(scale, 1e-6), torch.zeros_like(scale))
    with torch.no_grad():
        result = UnrolledSplitting(steps).double()(lower, upper, given_, nullspace_basis(core.stoichiometry))
    error = np.abs(result.at_steady_state[:, index].numpy() / growth - 1)
    assert growth.std() > 0.1
    assert np.median(error) < 0.03
    assert error.max() < 0.15


@pytest.mark.parametrize("steps", [1, 8])
def test_one_half_is_inside_the_bounds_and_the_other_at_steady_state_exactly(core: MetabolicNetwork, steps):
    lower, upper, _ = core_media(core, 20)
    # Bounds that float32 does not hold.
    lower[:, 3], upper[:, 4] = -1 / 3, 1 / 3
    result = UnrolledSplitting(steps)(lower, upper, lively(95, steps), nullspace_basis(core.stoichiometry))
    within, steady = result.within_bounds, result.at_steady_state
    assert (within.dtype, steady.dtype) == (torch.float64, torch.float64)
    assert bool(((within >= lower) & (within <= upper)).all())
    assert bool(((within == lower) | (within == upper)).any())
    assert_balanced(core, steady, tolerance=1e-9)
    assert steady.abs().max() > 1
    # Neither is the other: each keeps one law only.
    assert core.stoichiometry(within).abs().max() > 1e-2


@settings(max_examples=15, deadline=None)
@given(seed=seeds)
def test_both_laws_hold_on_random_networks(seed):
    network = random_network(seed)
    lower, upper = bounds(network)
    result = UnrolledSplitting(5)(lower, upper, lively(16, 5, seed % 1000), nullspace_basis(network.stoichiometry))
    assert bool(((result.within_bounds >= lower) & (result.within_bounds <= upper)).all())
    assert_balanced(network, result.at_steady_state, tolerance=1e-9)


def test_the_second_half_is_the_projection_of_the_first(core: MetabolicNetwork):
    lower, upper, _ = core_media(core, 3)
    given_, basis = parameters(95, 6), nullspace_basis(core.stoichiometry)
    result = UnrolledSplitting(6).double()(lower, upper, given_, basis)
    projected = SteadyStateProjection(core.stoichiometry)(result.within_bounds, given_.scale.pow(-2))
    assert torch.allclose(result.at_steady_state, projected, rtol=0, atol=1e-9)


def test_leading_dimensions_are_a_loop(core: MetabolicNetwork):
    lower, upper, _ = core_media(core, 6)
    given_, basis = parameters(95, 7, drive=10.0), nullspace_basis(core.stoichiometry)
    layer = UnrolledSplitting(7).double()
    target, precision = randn(6, 95), randn(6, 95, seed=3).abs()
    for measured in ((None, None), (target, precision)):
        flat = layer(lower, upper, given_, basis, *measured)
        shaped = [None if tensor is None else tensor.reshape(2, 3, 95) for tensor in measured]
        stacked = layer(lower.reshape(2, 3, 95), upper.reshape(2, 3, 95), given_, basis, *shaped)
        assert stacked.at_steady_state.shape == (2, 3, 95)
        for half in ("within_bounds", "at_steady_state"):
            assert torch.allclose(getattr(stacked, half).reshape(6, 95), getattr(flat, half), atol=1e-10)
        for row in range(6):
            one = [None if tensor is None else tensor[row] for tensor in measured]
            alone = layer(lower[row], upper[row], given_, basis, *one)
            assert torch.allclose(alone.at_steady_state, flat.at_steady_state[row], atol=1e-9)
        assert flat.at_steady_state.std(dim=0).max() > 1e-2


def test_measurements_of_no_precision_are_ignored_whatever_they_are(core: MetabolicNetwork):
    lower, upper, _ = core_media(core, 3)
    given_, basis, layer = parameters(95, 6), nullspace_basis(core.stoichiometry), UnrolledSplitting(6).double()
    nothing = torch.zeros(3, 95, dtype=torch.float64)
    plain = layer(lower, upper, given_, basis).at_steady_state
    for measured in (randn(3, 95), torch.full((3, 95), torch.nan, dtype=torch.float64)):
        assert torch.allclose(layer(lower, upper, given_, basis, measured, nothing).at_steady_state, plain, atol=1e-12)
    assert not torch.allclose(
        layer(lower, upper, given_, basis, randn(3, 95), nothing + 1).at_steady_state, plain, atol=1e-2
    )


def test_gradients_reach_parameters_steps_and_bounds(core: MetabolicNetwork):
    lower, upper, _ = core_media(core, 4)
    lower.requires_grad_()
    given_ = lively(95, 8)
    leaves = [getattr(given_, name).requires_grad_() for name in ("scale", "drive", "shrinkage", "start")]
    layer = UnrolledSplitting(8)
    result = layer(lower, upper, given_, nullspace_basis(core.stoichiometry), torch.ones_like(lower), lower.abs())
    loss = result.at_steady_state.square().mean() + result.within_bounds.square().mean()
    slopes = torch.autograd.grad(loss, [lower, *leaves, *layer.parameters()])
    assert all(slope.isfinite().all() and slope.abs().max() > 0 for slope in slopes)


def test_gradients_are_exact():
    network = random_network(5, 3, 6)
    basis, layer = nullspace_basis(network.stoichiometry), UnrolledSplitting(4).double()
    lower, upper = bounds(network)

    def run(scale: Tensor, drive: Tensor, shrinkage: Tensor, start: Tensor) -> tuple[Tensor, Tensor]:
        given_ = SplittingParameters(scale, drive, shrinkage, start)
        result = layer(lower.expand(2, 6), upper.expand(2, 6), given_, basis)
        return result.within_bounds, result.at_steady_state

    leaves = (0.5 + randn(6).abs(), randn(4, 6), 0.2 + randn(6).abs(), randn(6))
    assert torch.autograd.gradcheck(run, tuple(leaf.clone().requires_grad_() for leaf in leaves))


def test_without_gradients_nothing_is_recorded(core: MetabolicNetwork, monkeypatch):
    recordings, apply = [], SplittingIteration.apply

    def spy(plan: SplittingPlan, *inputs: Tensor | None) -> tuple[Tensor, ...]:
        found = apply(plan, *inputs)
        recordings.append(len(found) - 1)
        return found

    monkeypatch.setattr(SplittingIteration, "apply", spy)
    lower, upper, _ = core_media(core, 2)
    layer, basis = UnrolledSplitting(5), nullspace_basis(core.stoichiometry)
    recorded = layer(lower, upper, lively(95, 5), basis)
    with torch.no_grad():
        plain = layer(lower, upper, lively(95, 5), basis)
    assert recordings == [5, 0]
    # Where a matrix lies in memory decides how its product rounds (float32), so equal to rounding only.
    assert torch.allclose(recorded.at_steady_state.detach(), plain.at_steady_state, rtol=0, atol=1e-5)


def test_reset_is_plain_douglas_rachford():
    layer = UnrolledSplitting(3)
    with torch.no_grad():
        layer.relaxation.fill_(0.3)
        layer.momentum.fill_(0.2)
    layer.reset_parameters()
    assert (layer.relaxation.tolist(), layer.momentum.tolist()) == ([1.0] * 3, [0.0] * 3)
    fresh = UnrolledSplitting(3)
    assert all(torch.equal(a, b) for a, b in zip(layer.parameters(), fresh.parameters(), strict=True))
