import ast
import inspect
import textwrap

import numpy as np
import pytest
import torch
from torch import nn

import metagnn.models as models
from metagnn.datasets import FluxBatch
from metagnn.errors import InputError
from metagnn.models import FluxGNN, FluxGNNConfig
from metagnn.models.flux_model import CHUNK, AbstractFluxModel
from metagnn.models.flux_prediction import FluxPrediction
from metagnn.network import MetabolicNetwork
from metagnn.network.conditions import Conditions

FLUX_MODELS = [
    kind
    for name in dir(models)
    if inspect.isclass(kind := getattr(models, name)) and issubclass(kind, AbstractFluxModel)
]


class Sum(AbstractFluxModel):
    """Adds up what it is given, and counts."""

    def __init__(self) -> None:
        super().__init__()
        self.growth_index = 0
        self.weight = nn.Parameter(torch.ones((), dtype=torch.float64))
        self.sizes: list[int] = []

    def forward(self, conditions: Conditions) -> FluxPrediction:
        self.sizes.append(len(conditions))
        assert not torch.is_grad_enabled()
        total = conditions.lower + conditions.upper
        return FluxPrediction(self.weight * (total if conditions.measured is None else total + conditions.measured), 0)


def test_chunks_are_bounded_and_nothing_changes_with_them() -> None:
    random = torch.Generator().manual_seed(0)
    count = 2 * CHUNK + 3
    lower, upper, measured = (torch.randn(count, 4, dtype=torch.float64, generator=random) for _ in range(3))
    model = Sum()
    assert np.array_equal(model.predict_fluxes(Conditions(lower, upper)), (lower + upper).numpy())
    assert model.sizes == [CHUNK, CHUNK, 3]
    told = model.predict_fluxes(Conditions(lower, upper, measured))
    assert np.array_equal(told, (lower + upper + measured).numpy())


def test_no_samples_are_no_fluxes() -> None:
    nothing = torch.zeros(0, 4, dtype=torch.float64)
    assert Sum().predict_fluxes(Conditions(nothing, nothing)).shape == (0, 4)


def test_the_models_are_those_that_are_exported() -> None:
    assert {kind.__name__ for kind in FLUX_MODELS} == {
        "AbstractFluxModel", "BalanceMLP", "FluxGNN", "MediumGNN",
    }  # fmt: skip


@pytest.mark.parametrize("kind", FLUX_MODELS)
def test_every_model_takes_the_conditions_alone_and_reads_them(kind: type[AbstractFluxModel]) -> None:
    assert list(inspect.signature(kind.forward).parameters) == ["self", "conditions"]
    if kind is not AbstractFluxModel:
        tree = ast.parse(textwrap.dedent(inspect.getsource(inspect.unwrap(kind.forward))))
        loaded = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
        assert {"self", "conditions"} <= loaded


def test_a_model_with_one_last_operation_refuses_another() -> None:
    with pytest.raises(InputError, match="the last operation of a Sum cannot be changed; expected a FluxGNN"):
        Sum().with_constraint("polytope")
    assert Sum().biomass is None


def test_bounds_alone_are_conditions(toy: MetabolicNetwork, samples: FluxBatch) -> None:
    model = FluxGNN(toy, ("EX_a", "EX_o"), "polytope", FluxGNNConfig(4, 1, 4)).eval()
    lower, upper = samples.conditions.lower, samples.conditions.upper
    assert torch.equal(model(lower, upper).fluxes, model(Conditions(lower, upper)).fluxes)
    with pytest.raises(InputError, match="`upper` is missing; expected a `Conditions`"):
        model(lower)
