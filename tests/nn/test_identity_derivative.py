import torch
from torch import Tensor

from metagnn.nn.identity_derivative import IdentityDerivative


class Moved(IdentityDerivative):
    @staticmethod
    def forward(values: Tensor, by: float) -> Tensor:
        return values + by


def test_a_move_has_the_derivative_of_the_identity_in_both_modes() -> None:
    values, tangent = torch.rand(3, dtype=torch.float64, requires_grad=True), torch.rand(3, dtype=torch.float64)
    (gradient,) = torch.autograd.grad(Moved.apply(values, 2.0), values, tangent)
    assert torch.equal(gradient, tangent)
    moved, pushed = torch.func.jvp(lambda given: Moved.apply(given, 2.0), (values.detach(),), (tangent,))
    assert torch.equal(moved, values.detach() + 2.0)
    assert torch.equal(pushed, tangent)
