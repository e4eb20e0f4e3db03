import numpy as np
import torch
from metagnn.models.chunked_prediction import CHUNK, predict_chunks
from torch import Tensor, nn

from metagnn.models.flux_prediction import FluxPrediction


class Sum(nn.Module):
    """Adds up what it is given, and counts."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones((), dtype=torch.float64))
        self.sizes: list[int] = []

    def forward(self, lower: Tensor, upper: Tensor, measured: Tensor | None = None) -> FluxPrediction:
        self.sizes.append(len(lower))
        assert not torch.is_grad_enabled()
        return FluxPrediction(self.weight * (lower + upper if measured is None else lower + upper + measured), 0)


def test_chunks_are_bounded_and_nothing_changes_with_them() -> None:
    random = torch.Generator().manual_seed(0)
    count = 2 * CHUNK + 3
    lower, upper, measured = (torch.randn(count, 4, dtype=torch.float64, generator=random) for _ in range(3))
    model = Sum()
    assert np.array_equal(predict_chunks(model, lower, upper, None), (lower + upper).numpy())
    assert model.sizes == [CHUNK, CHUNK, 3]
    assert np.array_equal(predict_chunks(model, lower, upper, measured), (lower + upper + measured).numpy())
