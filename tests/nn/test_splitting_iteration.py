import pytest
import torch
from torch import Tensor

from metagnn.nn.flux_projection import DenseProjection
from metagnn.nn.splitting_iteration import iterate

NAMES = ("start", "low", "high", "drive", "pull", "stiffness", "collect", "spread", "relaxation", "momentum")


def reference(
    start: Tensor,
    low: Tensor,
    high: Tensor,
    drive: Tensor,
    pull: Tensor | None,
    stiffness: Tensor,
    collect: Tensor,
    spread: Tensor,
    relaxation: Tensor,
    momentum: Tensor,
) -> Tensor:
    """The iteration as it is written down, differentiated by autograd."""
    before = state = start
    inside = start
    for step in range(len(relaxation)):
        driven = state + drive[step] if pull is None else state + drive[step] + pull
        inside = torch.clamp(driven * stiffness, low, high)
        projected = (2 * inside - state) @ collect @ spread.T
        moved = state + relaxation[step] * (projected - inside) + momentum[step] * (state - before)
        before, state = state, moved
    return inside


def written_out(*inputs: Tensor | None) -> Tensor:
    start, low, high, *local, collect, spread, relaxation, momentum = inputs
    assert collect is not None
    assert spread is not None
    bounds, pace = torch.stack((low, high)), torch.stack((relaxation, momentum))
    return iterate(DenseProjection, start, bounds, *local, pace, collect, spread)


def arguments(
    samples: int, steps: int, pulled: bool = True, shared: bool = False, momentum: float = 0.2, seed: int = 0
) -> list[Tensor | None]:
    """Random inputs whose clips cut some fluxes and pass others; both halves of the projection are free."""
    random = torch.Generator().manual_seed(seed)

    def randn(*shape: int) -> Tensor:
        return torch.randn(*shape, dtype=torch.float64, generator=random)

    reactions, nullity = 6, 3
    tensors: list[Tensor | None] = [
        randn(samples, reactions),
        -0.3 - randn(samples, reactions).abs(),
        0.3 + randn(samples, reactions).abs(),
        randn(steps, reactions),
        randn(samples, reactions) if pulled else None,
        0.3 + 0.6 * torch.rand(*(() if shared else (samples,)), reactions, dtype=torch.float64, generator=random),
        0.5 * randn(reactions, nullity),
        0.5 * randn(reactions, nullity),
        1 + 0.2 * randn(steps),
        momentum * randn(steps),
    ]
    return [None if tensor is None else tensor.requires_grad_() for tensor in tensors]


cases = pytest.mark.parametrize(
    ("samples", "steps", "pulled", "shared", "momentum"),
    [
        (1, 1, False, True, 0.2),
        (3, 1, True, False, 0.2),
        (1, 2, True, True, 0.2),
        (2, 2, False, False, 0.0),
        (3, 3, True, False, 0.2),
        (2, 5, False, True, 0.2),
        (4, 6, True, True, 0.0),
        (5, 9, True, False, 0.3),
    ],
)


@cases
def test_it_is_the_iteration_as_written_down(samples, steps, pulled, shared, momentum):
    inputs = arguments(samples, steps, pulled, shared, momentum)
    expected, got = reference(*inputs), written_out(*inputs)
    assert torch.allclose(got, expected, rtol=0, atol=1e-12)
    weights = torch.linspace(-1, 1, expected.numel(), dtype=torch.float64).reshape(expected.shape)
    known = [tensor for tensor in inputs if tensor is not None]
    slopes = torch.autograd.grad((expected * weights).sum(), known, allow_unused=True, materialize_grads=True)
    written = torch.autograd.grad((got * weights).sum(), known, allow_unused=True, materialize_grads=True)
    for name, slope, by_hand in zip(
        [n for n, t in zip(NAMES, inputs, strict=True) if t is not None], slopes, written, strict=True
    ):
        assert torch.allclose(by_hand, slope, rtol=1e-9, atol=1e-11), name


@cases
def test_gradients_of_every_input_are_exact(samples, steps, pulled, shared, momentum):
    inputs = arguments(samples, steps, pulled, shared, momentum, seed=1)
    assert torch.autograd.gradcheck(written_out, inputs)


def test_the_cases_cut_some_fluxes_and_pass_others_and_every_input_matters():
    inputs = arguments(5, 9, momentum=0.3)
    inside = written_out(*inputs)
    low, high = inputs[1], inputs[2]
    cut = (inside == low) | (inside == high)
    assert 0 < int(cut.sum()) < cut.numel()
    slopes = torch.autograd.grad(inside.square().sum(), [tensor for tensor in inputs if tensor is not None])
    assert all(slope.abs().max() > 1e-6 for slope in slopes)
    # The last step takes its flux before it relaxes, and the first has no state before its start.
    relaxation, momentum = slopes[-2:]
    assert (float(relaxation[-1]), float(momentum[-1]), float(momentum[0])) == (0.0, 0.0, 0.0)
    assert bool((relaxation[:-1] != 0).all())
    assert bool((momentum[1:-1] != 0).all())


@pytest.mark.parametrize("steps", [1, 2, 3, 4, 7])
@pytest.mark.parametrize("momentum", [0.0, 0.3])
def test_what_is_not_recorded_is_the_same(steps, momentum):
    inputs = arguments(3, steps, momentum=momentum)
    recorded = written_out(*inputs)
    plain = written_out(*(None if tensor is None else tensor.detach() for tensor in inputs))
    assert recorded.requires_grad
    assert not plain.requires_grad
    assert torch.equal(recorded.detach(), plain)


def test_momentum_in_some_steps_only():
    inputs = arguments(3, 5)
    with torch.no_grad():
        inputs[-1].copy_(torch.tensor([0.4, 0.0, -0.3, 0.0, 0.2]))
    assert torch.allclose(written_out(*inputs), reference(*inputs), rtol=0, atol=1e-12)
    assert torch.autograd.gradcheck(written_out, inputs)


def test_a_batch_is_a_loop():
    inputs = [None if tensor is None else tensor.detach() for tensor in arguments(4, 6)]
    start, low, high, drive, pull, stiffness, *rest = inputs
    together = written_out(*inputs)
    for row in range(4):
        one = slice(row, row + 1)
        alone = written_out(start[one], low[one], high[one], drive, pull[one], stiffness[one], *rest)
        assert torch.allclose(together[one], alone, rtol=0, atol=1e-12)
    assert together.std(dim=0).min() > 1e-3


def test_only_some_inputs_need_gradients():
    inputs = [None if tensor is None else tensor.detach() for tensor in arguments(3, 4)]
    for position in (0, 3, 5, 6, 8):
        chosen = [tensor.clone().requires_grad_() if i == position else tensor for i, tensor in enumerate(inputs)]
        (got,) = torch.autograd.grad(written_out(*chosen).sum(), chosen[position])
        (expected,) = torch.autograd.grad(reference(*chosen).sum(), chosen[position])
        assert torch.allclose(got, expected, atol=1e-11), NAMES[position]


def test_gradients_can_be_taken_twice_from_one_recording():
    inputs = arguments(2, 3)
    out = written_out(*inputs)
    first, second = (torch.autograd.grad(out.sum(), inputs[0], retain_graph=True)[0] for _ in range(2))
    assert torch.equal(first, second)


def test_it_does_not_change_what_it_is_given():
    inputs = arguments(3, 5)
    copies = [None if tensor is None else tensor.detach().clone() for tensor in inputs]
    written_out(*inputs).sum().backward()
    for tensor, copy in zip(inputs, copies, strict=True):
        assert tensor is not None
        assert torch.equal(tensor.detach(), copy)


def test_infinite_bounds_cut_nothing():
    inputs = arguments(3, 5)
    inputs[1], inputs[2] = torch.full((3, 6), -torch.inf).double(), torch.full((3, 6), torch.inf).double()
    out = written_out(*inputs)
    assert out.isfinite().all()
    assert torch.allclose(out, reference(*inputs), rtol=0, atol=1e-12)
    slopes = torch.autograd.grad(out.sum(), [tensor for i, tensor in enumerate(inputs) if i not in (1, 2)])
    assert all(slope.isfinite().all() for slope in slopes)
