import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from metagnn.datasets import uniform_media
from metagnn.errors import InputError
from metagnn.fba import simulate_fluxes
from metagnn.network import Incidence, MetabolicNetwork
from metagnn.nn.steady_state import SteadyStateConv, SteadyStateProjection, metric_basis, nullspace_basis
from metagnn.testing import assert_balanced, assert_permutation_equivariant, permute_network, random_network

seeds = st.integers(0, 2**32 - 1)


def randn(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def positive(reactions: int, seed: int = 1) -> Tensor:
    """Weights over two decades: wide enough to matter, narrow enough for 1e-12."""
    return torch.exp(2.3 * (2 * torch.rand(reactions, generator=torch.Generator().manual_seed(seed)).double() - 1))


def distance_to_range(S: Incidence, vector: Tensor) -> float:
    """How much of a vector no combination of the metabolites' rows explains."""
    matrix, right = S.to_dense().T.numpy(), vector.numpy()
    potentials = np.linalg.lstsq(matrix, right, rcond=None)[0]
    return float(np.abs(matrix @ potentials - right).max())


def check_basis(S: Incidence) -> None:
    basis, nullity = nullspace_basis(S), S.shape[1] - np.linalg.matrix_rank(S.to_dense().numpy())
    assert basis.shape == (S.shape[1], nullity)
    assert basis.dtype == torch.float64
    assert nullity > 0
    assert S(basis.T).abs().max() < 1e-12 * max(1.0, float(S.value.abs().max()))
    assert torch.allclose(basis.T @ basis, torch.eye(nullity, dtype=torch.float64), atol=1e-12)


def test_the_basis_of_core_has_28_columns(core: MetabolicNetwork):
    check_basis(core.stoichiometry)
    assert nullspace_basis(core.stoichiometry).shape == (95, 28)


@settings(max_examples=25, deadline=None)
@given(seed=seeds, metabolites=st.integers(2, 12))
def test_the_basis_spans_what_balances_in_random_networks(seed, metabolites):
    S = random_network(seed, metabolites, 2 * metabolites).stoichiometry
    check_basis(S)
    # It spans all of it: any flux that the singular vectors find is a combination of its columns.
    _, values, vectors = np.linalg.svd(S.to_dense().numpy())
    other = torch.from_numpy(vectors[int((values > 1e-9 * values.max()).sum()) :])
    basis = nullspace_basis(S)
    assert torch.allclose((other @ basis) @ basis.T, other, atol=1e-10)


def test_rows_that_depend_on_each_other_count_once_and_none_leave_everything():
    twice = Incidence.from_dense([[1.0, -1.0, 0.0], [2.0, -2.0, 0.0]], ["a", "b"], ["x", "y", "z"])
    assert nullspace_basis(twice).shape == (3, 2)
    nothing = Incidence.from_dense(np.zeros((1, 2)), ["a"], ["x", "y"])
    assert nullspace_basis(nothing).shape == (2, 2)
    closed = Incidence.from_dense(np.eye(2), ["a", "b"], ["x", "y"])
    assert nullspace_basis(closed).shape == (2, 0)
    assert SteadyStateProjection(closed)(randn(3, 2)).abs().max() == 0


def test_the_basis_of_a_metric_is_orthonormal_in_it(core: MetabolicNetwork):
    basis, metric = nullspace_basis(core.stoichiometry), positive(95)
    scaled = metric_basis(basis, metric)
    assert torch.allclose(scaled.T @ scaled, torch.eye(28, dtype=torch.float64), atol=1e-12)
    assert core.stoichiometry((scaled / metric.sqrt()[:, None]).T).abs().max() < 1e-9


def check_projection(network: MetabolicNetwork, metric: Tensor | None, seed: int) -> None:
    S, project = network.stoichiometry, SteadyStateProjection(network.stoichiometry)
    fluxes = 10 * randn(4, S.shape[1], seed=seed)
    nearest = project(fluxes, metric)
    size = float(fluxes.abs().max())
    assert_balanced(network, nearest, tolerance=1e-11 * size)
    # Not by answering zero, and not by leaving the fluxes as they are.
    assert nearest.abs().max() > 1e-3
    assert (nearest - fluxes).abs().max() > 1e-3
    assert (project(nearest, metric) - nearest).abs().max() <= 1e-12 * size
    # Optimal: the weighted correction lies in the range of Sᵀ, so no balanced direction shortens it.
    weights = torch.ones(S.shape[1], dtype=torch.float64) if metric is None else metric
    for correction in weights * (nearest - fluxes):
        assert distance_to_range(S, correction) < 1e-9 * size * float(weights.max())


@pytest.mark.parametrize("weighted", [False, True])
def test_projection_is_balanced_idempotent_and_nearest_on_core(core: MetabolicNetwork, weighted):
    check_projection(core, positive(95) if weighted else None, seed=2)


@settings(max_examples=25, deadline=None)
@given(seed=seeds, weighted=st.booleans())
def test_projection_is_balanced_idempotent_and_nearest_on_random_networks(seed, weighted):
    network = random_network(seed)
    check_projection(network, positive(16, seed=seed % 1000) if weighted else None, seed=seed % 1000)


def test_feasible_fluxes_stay_as_they_are_in_any_metric(core: MetabolicNetwork):
    media = uniform_media({"EX_glc__D_e": (5, 10), "EX_o2_e": (5, 20)}, 4)
    fluxes = torch.from_numpy(simulate_fluxes(core, media, "fba").fluxes.to_numpy())
    project = SteadyStateProjection(core.stoichiometry)
    assert fluxes.abs().max() > 5
    for metric in (None, positive(95)):
        assert torch.allclose(project(fluxes, metric), fluxes, rtol=0, atol=1e-10)


def test_equal_weights_are_the_default_and_a_heavy_reaction_moves_least(core: MetabolicNetwork):
    project, fluxes = SteadyStateProjection(core.stoichiometry), randn(95)
    plain = project(fluxes)
    assert torch.allclose(plain, project(fluxes, torch.full((95,), 3.0, dtype=torch.float64)), atol=1e-11)
    moved = []
    for weight in (1.0, 10.0, 100.0):
        metric = torch.ones(95, dtype=torch.float64)
        metric[core.reaction_index("PGI")] = weight
        moved.append(float((project(fluxes, metric) - fluxes)[core.reaction_index("PGI")].abs()))
    assert moved[0] > 2 * moved[1] > 4 * moved[2] > 0


def test_it_answers_in_the_dtype_that_it_is_given(core: MetabolicNetwork):
    project, fluxes = SteadyStateProjection(core.stoichiometry), randn(3, 95)
    for metric in (None, positive(95)):
        exact = project(fluxes, metric)
        single = project(fluxes.float(), metric)
        assert (exact.dtype, single.dtype) == (torch.float64, torch.float32)
        assert torch.allclose(single.double(), exact, atol=1e-5)


def test_casting_the_module_keeps_its_digits(core: MetabolicNetwork):
    project, fluxes = SteadyStateProjection(core.stoichiometry), randn(95)
    assert torch.equal(SteadyStateProjection(core.stoichiometry).float()(fluxes), project(fluxes))
    assert not project.state_dict()


def test_leading_dimensions_are_a_loop(core: MetabolicNetwork):
    project, fluxes, metric = SteadyStateProjection(core.stoichiometry), randn(2, 3, 95), positive(95)
    for weights in (None, metric):
        out = project(fluxes, weights)
        loop = torch.stack([torch.stack([project(single, weights) for single in rows]) for rows in fluxes])
        assert torch.allclose(out, loop, rtol=0, atol=1e-12)


def test_gradients_of_fluxes_and_metric_are_exact():
    project = SteadyStateProjection(random_network(3, 4, 8).stoichiometry)
    fluxes, metric = randn(2, 8).requires_grad_(), positive(8).requires_grad_()
    assert torch.autograd.gradcheck(project, (fluxes, metric))
    assert torch.autograd.gradcheck(project, (fluxes,))
    (gradient,) = torch.autograd.grad(project(fluxes, metric).square().sum(), metric)
    assert gradient.abs().max() > 1e-3


def test_relabelling_permutes_the_projection(core: MetabolicNetwork):
    assert_permutation_equivariant(
        lambda network, fluxes: SteadyStateProjection(network.stoichiometry)(fluxes),
        core,
        randn(2, 95),
        tolerance=1e-11,
    )


@pytest.mark.parametrize("wrong", [0.0, -1.0, float("nan")])
def test_a_metric_that_is_not_positive_is_refused(core: MetabolicNetwork, wrong):
    metric = torch.ones(95, dtype=torch.float64)
    metric[7] = wrong
    with pytest.raises(InputError, match="`metric` must be positive in every reaction"):
        SteadyStateProjection(core.stoichiometry)(randn(95), metric)


def conv(in_channels: int = 3, out_channels: int = 5, bias: bool = True) -> SteadyStateConv:
    torch.manual_seed(0)
    return SteadyStateConv(in_channels, out_channels, bias).double()


@pytest.mark.parametrize("bias", [True, False])
def test_the_layer_is_its_matrix_form(core: MetabolicNetwork, bias):
    layer, x, basis = conv(bias=bias), randn(95, 3), nullspace_basis(core.stoichiometry)
    projector = basis @ basis.T
    expected = x @ layer.own.weight.T + projector @ x @ layer.across.weight.T
    if bias:
        expected = expected + layer.own.bias
    assert torch.allclose(layer(x, basis), expected, atol=1e-12)
    assert not torch.allclose(layer(x, basis), layer.own(x), atol=1e-2)


def test_the_layer_reaches_the_whole_network_at_once(core: MetabolicNetwork):
    layer, basis, x = conv(1, 1), nullspace_basis(core.stoichiometry), torch.zeros(95, 1, dtype=torch.float64)
    x[core.reaction_index("EX_glc__D_e")] = 1.0
    moved = (layer(x, basis) - layer(torch.zeros_like(x), basis)).squeeze(-1).abs() > 1e-9
    assert int(moved.sum()) > 60


def test_the_layer_over_a_batch_is_a_loop_and_keeps_float32(core: MetabolicNetwork):
    layer, x, basis = conv(), randn(2, 3, 95, 3), nullspace_basis(core.stoichiometry)
    loop = torch.stack([torch.stack([layer(single, basis) for single in rows]) for rows in x])
    assert torch.allclose(layer(x, basis), loop, atol=1e-12)
    assert layer.float()(x.float(), basis).dtype == torch.float32


@settings(max_examples=15, deadline=None)
@given(seed=seeds)
def test_relabelling_permutes_the_layer(seed):
    network, layer, x = random_network(seed), conv(), randn(16, 3)
    random = np.random.default_rng(seed)
    order = random.permutation(16).tolist()
    moved = permute_network(network, order, random.permutation(8).tolist())
    plain = layer(x, nullspace_basis(network.stoichiometry))
    assert torch.allclose(plain[order], layer(x[order], nullspace_basis(moved.stoichiometry)), atol=1e-10)
    assert plain.std(dim=0).min() > 1e-3


def test_gradients_of_the_layer_are_exact_and_reset_draws_new_weights():
    basis, layer = nullspace_basis(random_network(3, 4, 8).stoichiometry), conv(2, 2)
    assert torch.autograd.gradcheck(lambda x: layer(x, basis), (randn(2, 8, 2).requires_grad_(),))
    before = {name: parameter.clone() for name, parameter in layer.named_parameters()}
    layer.reset_parameters()
    assert len(before) == 3
    assert all(not torch.equal(parameter, before[name]) for name, parameter in layer.named_parameters())


def hostile(reactions: int, seed: int) -> Tensor:
    """Weights from 1e-12 to 1e12 in one vector."""
    return 10.0 ** (24 * torch.rand(reactions, generator=torch.Generator().manual_seed(seed)).double() - 12)


def badly_scaled(seed: int) -> Incidence:
    """Coefficients from 1e-6 to 1e6, balances and a reaction that occur twice, an empty balance and reaction."""
    rng, matrix = np.random.default_rng(seed), random_network(seed).stoichiometry.to_dense().numpy()
    matrix = matrix * 10 ** rng.uniform(-3, 3, (len(matrix), 1)) * 10 ** rng.uniform(-3, 3, matrix.shape[1])
    matrix = np.vstack([matrix, matrix[:2], 0 * matrix[:1]])
    matrix = np.hstack([matrix, matrix[:, :1], 0 * matrix[:, :1]])
    return Incidence.from_dense(
        matrix, [f"m{i}" for i in range(len(matrix))], [f"r{i}" for i in range(matrix.shape[1])]
    )


def check_promise(S: Incidence, seed: int) -> None:
    project = SteadyStateProjection(S)
    for size in (1e-12, 1.0, 1e12):
        for metric in (None, hostile(S.shape[1], seed)):
            fluxes = project(size * randn(3, S.shape[1], seed=seed), metric)
            allowed = 1e-9 * fluxes.abs().amax(-1).clamp(min=1.0)
            assert bool((S(fluxes).abs().amax(-1) <= allowed).all())


def test_the_promise_holds_on_core_in_any_metric(core: MetabolicNetwork):
    for seed in range(5):
        check_promise(core.stoichiometry, seed)


@settings(max_examples=20, deadline=None)
@given(seed=seeds)
def test_the_promise_holds_on_badly_scaled_networks(seed):
    check_promise(badly_scaled(seed % 2**31), seed % 2**31)


@settings(max_examples=20, deadline=None)
@given(seed=seeds)
def test_scaling_balances_and_fluxes_keeps_the_dimension_of_the_null_space(seed):
    basis = nullspace_basis(badly_scaled(seed))
    # One more for the reaction that occurs twice, one for the empty one.
    assert basis.shape[1] == nullspace_basis(random_network(seed).stoichiometry).shape[1] + 2
    assert torch.allclose(basis.T @ basis, torch.eye(basis.shape[1], dtype=torch.float64), atol=1e-12)
    assert badly_scaled(seed)(basis.T).abs().max() <= 1e-12 * badly_scaled(seed).value.abs().max()


def test_an_uneven_metric_gives_the_nearest_flux_and_an_orthonormal_basis(core: MetabolicNetwork):
    S, basis = core.stoichiometry, nullspace_basis(core.stoichiometry)
    for seed in range(3):
        metric, fluxes = hostile(95, seed), randn(2, 95, seed=seed)
        scaled = metric_basis(basis, metric)
        assert torch.allclose(scaled.T @ scaled, torch.eye(28, dtype=torch.float64), atol=1e-12)
        left = (SteadyStateProjection(S)(fluxes, metric) - fluxes) * metric.sqrt()
        assert (left @ scaled).abs().max() < 1e-9 * left.norm(dim=-1).max()


def test_gradients_are_exact_in_an_uneven_metric():
    project, random = SteadyStateProjection(random_network(3, 4, 8).stoichiometry), np.random.default_rng(0)
    fluxes, logs = randn(2, 8).requires_grad_(), torch.from_numpy(random.uniform(-11, 11, 8)).requires_grad_()
    assert float((logs.max() - logs.min()).detach()) > np.log(1e8)
    assert torch.autograd.gradcheck(lambda x, y: project(x, y.exp()), (fluxes, logs), atol=1e-5, rtol=1e-4)
    assert torch.autograd.gradgradcheck(lambda x, y: project(x, y.exp()), (fluxes, logs), atol=1e-4, rtol=1e-3)


@pytest.mark.parametrize("dtype", [torch.int64, torch.int8, torch.float32, torch.float16, torch.bfloat16])
def test_dtypes_are_promoted_or_kept_as_the_docstring_says(core: MetabolicNetwork, dtype):
    project, given = SteadyStateProjection(core.stoichiometry), (2 * randn(3, 95)).to(dtype)
    for metric in (
        None,
        positive(95),
        positive(95).to(dtype) if dtype.is_floating_point else torch.ones(95, dtype=dtype),
    ):
        found = project(given, metric)
        assert found.dtype == (dtype if dtype.is_floating_point else torch.float64)
        exact = project(given.double(), None if metric is None else metric.double())
        assert torch.equal(found, exact.to(found.dtype))


def test_the_layer_refuses_integer_channels(core: MetabolicNetwork):
    with pytest.raises(InputError, match=r"`x` is torch\.int64; expected floating-point numbers"):
        conv().forward(torch.ones(95, 3, dtype=torch.int64), nullspace_basis(core.stoichiometry))
