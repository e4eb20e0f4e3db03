"""Every public layer and loss as a module from tensors to a tensor: a new one is checked by one more entry here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest
import scipy.sparse
import torch
from torch import Tensor, nn
from torch.func import functional_call

from metagnn.losses import BalanceLoss, bound_violation, masked_mse
from metagnn.network import MetabolicNetwork
from metagnn.network.sparse_balances import SparseBalances
from metagnn.nn import (
    CO2Readout,
    GrowthOptimum,
    PolytopeProjection,
    SplittingParameters,
    SteadyStateConv,
    SteadyStateProjection,
    StoichiometricConv,
    UnrolledSplitting,
    nullspace_basis,
    polytope,
)
from metagnn.testing import toy_network


def toy() -> MetabolicNetwork:
    """Two inputs and a branch, with every reaction open."""
    return toy_network(
        {
            "EX_a": "a <=>",
            "EX_b": "b <=>",
            "EX_co2": "c <=>",
            "r1": "a -> 2 d",
            "r2": "b <=> d",
            "r3": "d <=> e + c",
            "r4": "a + b <=> e",
            "growth": "d + 2 e ->",
        },
        "growth",
        formulas={"a": "C6H12O6", "b": "C3H6O3", "c": "CO2", "d": "C3H6O3", "e": "C2H4O2"},
    )


S = toy().stoichiometry
METABOLITES, REACTIONS = S.shape


def randn(*shape: int, seed: int) -> Tensor:
    return torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def positive(*shape: int, seed: int) -> Tensor:
    return 0.5 + randn(*shape, seed=seed).abs()


class Call(nn.Module):
    """A function with a module inside."""

    def __init__(self, function: Callable[..., Tensor], layer: nn.Module | None = None) -> None:
        super().__init__()
        self.layer, self.function = layer, function

    def forward(self, *inputs: Tensor) -> Tensor:
        return self.function(*inputs) if self.layer is None else self.function(self.layer, *inputs)


def adjoint(layer: nn.Module, potentials: Tensor) -> Tensor:
    return layer.adjoint(potentials)


class Mixed(nn.Module):
    """`SteadyStateConv` with its basis."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.layer, self.basis = SteadyStateConv(2, 3), nullspace_basis(S)

    def forward(self, x: Tensor) -> Tensor:
        return self.layer(x, self.basis)


class Messages(nn.Module):
    """`StoichiometricConv` with its edges."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.layer, self.edges = StoichiometricConv((2, 3), 2), S.edge_index

    def forward(self, sources: Tensor, targets: Tensor, weight: Tensor) -> Tensor:
        return self.layer((sources, targets), self.edges, weight)


class Splitting(nn.Module):
    """`UnrolledSplitting` with its steady states; both halves of its answer side by side."""

    def __init__(self, sparse: bool) -> None:
        super().__init__()
        self.layer = UnrolledSplitting(3)
        nn.init.constant_(self.layer.momentum, 0.2)
        matrix = scipy.sparse.csr_array(S.to_scipy())
        self.states = SparseBalances(matrix) if sparse else nullspace_basis(S)

    def forward(self, lower: Tensor, upper: Tensor, scale: Tensor, drive: Tensor, *local: Tensor) -> Tensor:
        shrinkage, start, measured, precision = local
        given = SplittingParameters(scale, drive, shrinkage, start)
        result = self.layer(lower, upper, given, self.states, measured, precision)
        return torch.stack((result.within_bounds, result.at_steady_state))


def projection(sparse: bool) -> nn.Module:
    if not sparse:
        return PolytopeProjection(S)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(polytope, "MOST_BALANCES", -1)
        return PolytopeProjection(S)


def splitting_inputs() -> tuple[Tensor, ...]:
    return (
        -positive(2, REACTIONS, seed=1),
        positive(2, REACTIONS, seed=2),
        positive(REACTIONS, seed=3),
        randn(3, REACTIONS, seed=4),
        positive(REACTIONS, seed=5),
        randn(REACTIONS, seed=6),
        randn(2, REACTIONS, seed=7),
        positive(2, REACTIONS, seed=8),
    )


def polytope_inputs() -> tuple[Tensor, ...]:
    lower, upper = -positive(2, REACTIONS, seed=12), positive(2, REACTIONS, seed=13)
    return 2 * randn(2, REACTIONS, seed=11), lower, upper, positive(2, REACTIONS, seed=14)


def growth_inputs() -> tuple[Tensor, ...]:
    return -positive(2, REACTIONS, seed=21) * torch.tensor([9.0, 3, 9, 1, 9, 9, 1, 1]), 5 * positive(
        2, REACTIONS, seed=22
    )


@dataclass(frozen=True)
class LayerCase:
    """A layer and what it promises.

    Attributes:
        name: Name of the case.
        make: Makes the module; answers in a tensor.
        inputs: Makes float64 inputs away from kinks.
        learned: Whether whole numbers are refused, for the weights have a dtype of their own.
        answers: Dtype of the answer where it is not that of the inputs.
        exports: Whether `torch.export` takes it.
        exact: Whether values are right to rounding, and not only to the tolerance of a solver.
    """

    name: str
    make: Callable[[], nn.Module]
    inputs: Callable[[], tuple[Tensor, ...]]
    learned: bool = False
    answers: torch.dtype | None = None
    exports: bool = True
    exact: bool = True


def fluxes() -> tuple[Tensor, ...]:
    return (randn(2, REACTIONS, seed=0),)


double = torch.float64
CASES = (
    LayerCase("Incidence", lambda: toy().stoichiometry, fluxes),
    LayerCase("adjoint", lambda: Call(adjoint, toy().stoichiometry), lambda: (randn(2, METABOLITES, seed=0),)),
    LayerCase("SteadyStateProjection", lambda: SteadyStateProjection(S), fluxes),
    LayerCase(
        "SteadyStateProjection with metric",
        lambda: SteadyStateProjection(S),
        lambda: (*fluxes(), positive(REACTIONS, seed=1)),
    ),
    LayerCase("SteadyStateConv", Mixed, lambda: (randn(2, REACTIONS, 2, seed=0),), learned=True),
    LayerCase(
        "StoichiometricConv",
        Messages,
        lambda: (randn(2, METABOLITES, 2, seed=0), randn(2, REACTIONS, 3, seed=1), randn(S.value.numel(), seed=2)),
        learned=True,
    ),
    LayerCase("UnrolledSplitting", lambda: Splitting(False), splitting_inputs, answers=double),
    LayerCase("UnrolledSplitting, sparse", lambda: Splitting(True), splitting_inputs, answers=double, exports=False),
    LayerCase("PolytopeProjection", lambda: projection(False), polytope_inputs, exports=False),
    LayerCase("PolytopeProjection, sparse", lambda: projection(True), polytope_inputs, exports=False, exact=False),
    LayerCase("GrowthOptimum", lambda: GrowthOptimum(toy()), growth_inputs, answers=double, exports=False),
    LayerCase("CO2Readout", lambda: CO2Readout(toy()), fluxes),
    LayerCase("BalanceLoss", lambda: BalanceLoss(S), lambda: (*fluxes(), randn(2, METABOLITES, seed=1))),
    LayerCase(
        "bound_violation",
        lambda: Call(bound_violation),
        lambda: (*fluxes(), -0.5 * positive(2, REACTIONS, seed=2), 0.5 * positive(2, REACTIONS, seed=3)),
    ),
    LayerCase(
        "masked_mse",
        lambda: Call(masked_mse),
        lambda: (*fluxes(), randn(2, REACTIONS, seed=1), positive(REACTIONS, seed=2)),
    ),
)
every_layer = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)


def as_function(case: LayerCase) -> tuple[Callable[..., Tensor], tuple[Tensor, ...]]:
    """The layer as a function of its inputs and its parameters, and these, float64."""
    module = case.make().double()
    names, parameters = zip(*module.named_parameters(), strict=True) if list(module.parameters()) else ((), ())
    inputs = case.inputs()

    def function(*tensors: Tensor) -> Tensor:
        given = dict(zip(names, tensors[len(inputs) :], strict=True))
        return functional_call(module, given, tensors[: len(inputs)])

    # Drawn anew: a momentum of exactly zero is a branch of its own.
    drawn = (p.detach() + 0.1 * randn(*p.shape, seed=90 + i) for i, p in enumerate(parameters))
    return function, (*inputs, *drawn)


def difference(first: Tensor, second: Tensor) -> float:
    """Largest difference, relative to 1 + the largest value."""
    assert first.shape == second.shape
    if not first.numel():
        return 0.0
    return float((first.double() - second.double()).abs().max() / (1 + second.double().abs().max()))
