"""Derivatives of every layer: the same by every route, and those of finite differences."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor
from torch.autograd import gradcheck, gradgradcheck
from torch.func import grad, jacfwd, jacrev, vmap

from tests.nn.layer_cases import LayerCase, as_function, difference, every_layer, randn

Jacobian = Callable[..., Callable[..., tuple[Tensor, ...]]]


@every_layer
def test_first_derivatives_are_those_of_finite_differences(case: LayerCase):
    function, tensors = as_function(case)
    # The values of a solver are right to 1e-9, and a step has to be larger than that.
    step, tolerance = (1e-6, 1e-6) if case.exact else (1e-4, 1e-4)
    leaves = tuple(tensor.clone().requires_grad_() for tensor in tensors)
    assert gradcheck(function, leaves, eps=step, atol=tolerance, rtol=1e-4, check_forward_ad=True)
    slopes = torch.autograd.grad(function(*leaves).square().sum(), leaves, allow_unused=True, materialize_grads=True)
    assert any(bool(slope.abs().max() > 1e-3) for slope in slopes)


@every_layer
def test_second_derivatives_are_those_of_finite_differences(case: LayerCase):
    function, tensors = as_function(case)
    leaves = tuple(tensor.clone().requires_grad_() for tensor in tensors)
    # The square: an answer may be linear, and its second derivative none.
    assert gradgradcheck(lambda *t: function(*t).square(), leaves, atol=1e-5, rtol=1e-3, check_fwd_over_rev=True)


@every_layer
def test_jacobians_are_the_same_by_every_route(case: LayerCase):
    function, tensors = as_function(case)
    places = tuple(range(len(tensors)))
    expected = torch.autograd.functional.jacobian(function, tensors)
    for route in (jacrev, jacfwd):
        for mine, other in zip(route(function, places)(*tensors), expected, strict=True):
            assert difference(mine, other) < 1e-9


@every_layer
@pytest.mark.parametrize(("outer", "inner"), [(jacrev, jacrev), (jacfwd, jacrev), (jacrev, jacfwd), (jacfwd, jacfwd)])
def test_hessians_are_the_same_by_every_route(case: LayerCase, outer: Jacobian, inner: Jacobian):
    function, tensors = as_function(case)
    places = tuple(range(len(tensors)))
    weights = randn(*function(*tensors).shape, seed=50)

    def total(*given: Tensor) -> Tensor:
        answer = function(*given)
        return (answer.square() * weights).sum()

    expected = torch.autograd.functional.hessian(total, tensors)
    assert any(bool(block.abs().max() > 1e-3) for row in expected for block in row)
    for row, other in zip(outer(inner(total, places), places)(*tensors), expected, strict=True):
        for mine, block in zip(row, other, strict=True):
            assert difference(mine, block) < 1e-8


def moved(tensors: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    """Two sets of inputs, stacked."""
    return tuple(torch.stack((tensor, 1.03 * tensor)) for tensor in tensors)


def check_vmap(function: Callable[..., tuple[Tensor, ...]], tensors: tuple[Tensor, ...]) -> None:
    """Mapped over all of its arguments, the first alone or the last alone, a function is a loop."""
    pairs = moved(tensors)
    for mapped in ({*range(len(tensors))}, {0}, {len(tensors) - 1}):
        dims = tuple(0 if place in mapped else None for place in range(len(tensors)))
        given = [pairs[place] if place in mapped else tensor for place, tensor in enumerate(tensors)]
        together = vmap(function, in_dims=dims)(*given)
        for row in range(2):
            alone = function(
                *(pairs[place][row] if place in mapped else tensors[place] for place in range(len(tensors)))
            )
            for mine, other in zip(together, alone, strict=True):
                assert difference(mine[row], other) < 1e-8


@every_layer
def test_vmap_is_a_loop(case: LayerCase):
    function, tensors = as_function(case)
    check_vmap(lambda *given: (function(*given),), tensors)


@every_layer
def test_gradients_of_every_sample_are_a_loop(case: LayerCase):
    function, tensors = as_function(case)
    check_vmap(grad(lambda *given: function(*given).square().sum(), tuple(range(len(tensors)))), tensors)
