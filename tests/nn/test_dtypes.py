"""Dtypes of every layer: what comes in comes out, whole numbers are never cut, and the default changes nothing."""

import pytest
import torch
from torch import Tensor

from metagnn.errors import InputError
from tests.nn.layer_cases import LayerCase, difference, every_layer


@pytest.fixture
def default_dtype(request: pytest.FixtureRequest):
    before = torch.get_default_dtype()
    torch.set_default_dtype(request.param)
    yield request.param
    torch.set_default_dtype(before)


both_defaults = pytest.mark.parametrize("default_dtype", [torch.float32, torch.float64], indirect=True)


@every_layer
def test_the_default_dtype_changes_no_result(case: LayerCase):
    answers = []
    for dtype in (torch.float32, torch.float64):
        torch.set_default_dtype(dtype)
        try:
            torch.manual_seed(0)
            module = case.make()
            assert all(parameter.dtype == dtype for parameter in module.parameters())
            # Parameters are drawn in the default: the same numbers for both.
            torch.manual_seed(0)
            for parameter in module.double().parameters():
                parameter.data.copy_(torch.randn(parameter.shape, dtype=torch.float64))
            answers.append(module(*case.inputs()).detach())
        finally:
            torch.set_default_dtype(torch.float32)
    assert answers[0].dtype == answers[1].dtype == torch.float64
    assert torch.equal(*answers)


@every_layer
@both_defaults
def test_a_layer_runs_in_the_default_dtype(case: LayerCase, default_dtype: torch.dtype):
    module = case.make()
    answer = module(*(tensor.to(default_dtype) for tensor in case.inputs()))
    assert answer.dtype == (case.answers or default_dtype)
    assert difference(answer.detach(), module.double()(*case.inputs()).detach()) < 1e-4


@every_layer
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_halves_in_halves_out(case: LayerCase, dtype: torch.dtype):
    module = case.make()
    inputs = tuple(tensor.to(dtype) for tensor in case.inputs())
    expected = module.to(dtype).double()(*(tensor.double() for tensor in inputs)).detach()
    answer = module.to(dtype)(*inputs).detach()
    assert answer.dtype == (case.answers or dtype)
    digits = 2e-3 if dtype == torch.float16 else 2e-2
    assert difference(answer, expected) < digits


@every_layer
@pytest.mark.parametrize("dtype", [torch.int64, torch.int32])
def test_whole_numbers_are_float64_or_refused(case: LayerCase, dtype: torch.dtype):
    module, inputs = case.make(), tuple((7 * tensor).round().to(dtype) for tensor in case.inputs())
    if case.learned:
        with pytest.raises(InputError, match=r"expected floating-point numbers"):
            module(*inputs)
        return
    answer = module(*inputs).detach()
    assert answer.dtype == torch.float64
    assert difference(answer, module.double()(*(tensor.double() for tensor in inputs)).detach()) < 1e-6


def test_large_losses_of_halves_do_not_overflow_on_the_way():
    case = {case.name: case for case in every_layer.args[1]}["masked_mse"]
    observed = torch.zeros(8, dtype=torch.float16)
    one = torch.zeros(8, dtype=torch.float16)
    one[0] = 300.0
    answer: Tensor = case.make()(one, observed)
    assert answer.item() == pytest.approx(300.0**2 / 8, rel=1e-3)
