"""Nearest feasible flux: the point of the flux polytope that is closest to a target, differentiable."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from metagnn._typing import Fluxes
from metagnn.errors import InputError
from metagnn.network.compression import compress
from metagnn.network.exact_module import ExactModule
from metagnn.network.incidence import Incidence
from metagnn.nn.polytope_newton import ImplicitNearest, nearest_balanced
from metagnn.optimize.linear_program import INFEASIBLE, OPTIMAL, LinearProgram
from metagnn.optimize.quadratic_program import QuadraticProgram

CHUNK_ENTRIES = 2**24
"""Entries of the largest intermediate, samples × balances × groups: 128 MiB of float64, whatever the batch."""

HELD = 1e-11
"""Distance to a bound, relative to 1 + |bound|, at which a flux counts as held by it."""

MOST_BALANCES = 200
"""Balances above which a factor per sample costs more than the sparse solver that would replace it."""


@dataclass(frozen=True, eq=False)
class PolytopeSolution:
    """Nearest feasible fluxes, and how each was found.

    Attributes:
        fluxes: Shape `[samples, reactions]` [mmol/gDW/h]; NaN where the status is not "optimal".
        status: "optimal", "infeasible" (a linear program has confirmed it), or "failed: " and the reason.
        iterations: Newton steps of every sample.
        by_reference: Number of samples that the quadratic program had to finish.
    """

    fluxes: Fluxes
    status: tuple[str, ...]
    iterations: Tensor
    by_reference: int


class PolytopeProjection(ExactModule):
    r"""The flux at steady state and within bounds that is nearest to a target.

    $v^* = \arg\min_v \tfrac12 \sum_r w_r (v_r - t_r)^2$ subject to $S v = 0$, $l \le v \le u$. It is the exact
    constraint layer of a network (t: its raw answer), data reconciliation (t: measured rates, w = 1/σ²), MOMA (t: the
    wild type; Segrè et al. 2002, doi 10.1073/pnas.232349399), and least-norm FBA (t = 0 with growth pinned).

    Computed in float64 on the compressed network, all samples at once; gradients are implicit, of the active set, and
    exact away from kinks. What the batched method does not solve, a quadratic program finishes, and every
    infeasible sample is confirmed by a linear program.

    Args:
        incidence: The operator S.

    Shapes:
        target, lower, upper `[..., reactions]` [mmol/gDW/h], weight `[reactions]` or like the target; to
        `[..., reactions]`.

    >>> from metagnn.network import Incidence
    >>> chain = Incidence.from_dense([[1.0, -1.0]], rows=["a"], columns=["in", "out"])
    >>> low, high = torch.zeros(2, dtype=torch.float64), torch.tensor([10.0, 3.0], dtype=torch.float64)
    >>> PolytopeProjection(chain)(torch.tensor([8.0, 2.0], dtype=torch.float64), low, high).round(decimals=9).tolist()
    [3.0, 3.0]
    """

    balance: Tensor
    group: Tensor
    ratio: Tensor

    def __init__(self, incidence: Incidence) -> None:
        super().__init__()
        compression = compress(incidence)
        self._matrix = incidence.to_scipy()
        self.groups = compression.groups
        # A blocked reaction has no group; it is sent to an extra one and multiplied by zero.
        group = np.where(compression.group < 0, self.groups, compression.group)
        for name, array in (("balance", compression.balance), ("group", group), ("ratio", compression.ratio)):
            self.register_buffer(name, torch.from_numpy(np.ascontiguousarray(array)), persistent=False)

    def forward(self, target: Fluxes, lower: Fluxes, upper: Fluxes, weight: Tensor | None = None) -> Fluxes:
        """Project; samples without a feasible flux are NaN, counted in a warning, and pass no gradient.

        Args:
            target: The point to come nearest to.
            lower: Lower bounds; −inf where there is none.
            upper: Upper bounds; inf where there is none.
            weight: Weights w > 0; ones by default.

        Raises:
            InputError: A shape that does not fit, a target or weight that is not finite, a weight that is not positive,
                or a lower bound above its upper bound.
        """
        flat = self._flat(target, lower, upper, weight)
        reduced = self._reduce(*flat)
        solution = self._solve(tuple(t.detach() for t in flat), tuple(t.detach() for t in reduced))
        unsolved = sum(status != OPTIMAL for status in solution.status)
        if unsolved:
            warnings.warn(
                f"{unsolved} of {len(flat[0])} samples have no nearest feasible flux and are NaN; `solve` says why",
                stacklevel=2,
            )
        groups = self._on_bounds(self._to_groups(solution.fluxes), reduced[1].detach(), reduced[2].detach())
        # What has no solution is a constant here, so that no gradient of it spoils the batch.
        known = ~torch.isnan(groups).any(-1, keepdim=True)
        values = ImplicitNearest.apply(torch.where(known, groups, 0.0), *reduced, self.balance)
        expanded = self._expand(torch.where(known, values, torch.nan))
        return expanded.reshape(target.shape).to(target.dtype)

    def solve(self, target: Fluxes, lower: Fluxes, upper: Fluxes, weight: Tensor | None = None) -> PolytopeSolution:
        """Project without gradients, and say how each sample went; arguments as for `forward`, samples flat."""
        with torch.no_grad():
            flat = self._flat(target, lower, upper, weight)
            return self._solve(flat, self._reduce(*flat))

    def _flat(self, target: Tensor, lower: Tensor, upper: Tensor, weight: Tensor | None) -> tuple[Tensor, ...]:
        width = len(self.group)
        for name, tensor in (("target", target), ("lower", lower), ("upper", upper), ("weight", weight)):
            if tensor is not None and tensor.shape[-1:] != (width,):
                raise InputError(f"`{name}` has shape {tuple(tensor.shape)}; its last dimension must be {width}")
        weight = torch.ones_like(target) if weight is None else weight
        shape = torch.broadcast_shapes(target.shape, lower.shape, upper.shape, weight.shape)
        flat = tuple(t.to(torch.float64).expand(shape).reshape(-1, width) for t in (target, lower, upper, weight))
        target, lower, upper, weight = flat
        if not bool(torch.isfinite(target).all()):
            raise InputError("`target` must be finite; it contains NaN or infinity")
        if not bool((torch.isfinite(weight) & (weight > 0)).all()):
            raise InputError("`weight` must be positive and finite in every reaction")
        wrong = torch.nonzero(~(lower <= upper))
        if len(wrong):
            row, column = wrong[0].tolist()
            raise InputError(
                f"`lower` exceeds `upper` in sample {row}, reaction {column}: {lower[row, column]:g} and "
                f"{upper[row, column]:g}; expected numbers with lower ≤ upper"
            )
        return flat

    def _reduce(self, target: Tensor, lower: Tensor, upper: Tensor, weight: Tensor) -> tuple[Tensor, ...]:
        """Target, bounds and weight of every group: of all members at once."""
        moves = self.ratio != 0
        ratio, group = self.ratio[moves], self.group[moves]
        pull = weight[:, moves] * ratio
        zeros = target.new_zeros(len(target), self.groups)
        total = zeros.index_add(1, group, pull * ratio)
        mean = zeros.index_add(1, group, pull * target[:, moves]) / total
        low, high = lower[:, moves] / ratio, upper[:, moves] / ratio
        low, high = torch.where(ratio > 0, low, high), torch.where(ratio > 0, high, low)
        index = group.expand(len(target), -1)
        tightest_low = (zeros - torch.inf).scatter_reduce(1, index, low, "amax")
        tightest_high = (zeros + torch.inf).scatter_reduce(1, index, high, "amin")
        return mean, tightest_low, tightest_high, total

    def _to_groups(self, fluxes: Tensor) -> Tensor:
        """Flux of every group, from the member that counts once."""
        moves = torch.nonzero(self.ratio != 0).squeeze(-1)
        first = torch.full((self.groups,), len(self.group), device=fluxes.device, dtype=torch.int64)
        first = first.scatter_reduce(0, self.group[moves], moves, "amin")
        return fluxes[:, first] / self.ratio[first]

    @staticmethod
    def _on_bounds(values: Tensor, lower: Tensor, upper: Tensor) -> Tensor:
        """Put on its bound what rounding has taken off it: the gradient asks which values are held."""
        for bound in (lower, upper):
            near = (values - bound).abs() <= HELD * (1.0 + bound.abs())
            values = torch.where(near & torch.isfinite(bound), bound, values)
        return values

    def _expand(self, values: Tensor) -> Tensor:
        padded = torch.cat([values, torch.zeros_like(values[:, :1])], dim=1)
        fluxes: Tensor = padded[:, self.group] * self.ratio
        # Zero times a NaN of the same sample: a blocked reaction of an unsolved sample is unsolved too.
        return torch.where(torch.isnan(values).any(-1, keepdim=True), torch.nan, fluxes)

    def _solve(self, flat: tuple[Tensor, ...], reduced: tuple[Tensor, ...]) -> PolytopeSolution:
        target, lower, upper, _ = flat
        blocked_ok = ((lower <= 0) & (upper >= 0))[:, self.ratio == 0].all(-1)
        possible = (reduced[1] <= reduced[2]).all(-1) & blocked_ok
        fluxes = torch.full_like(target, torch.nan)
        iterations = torch.zeros(len(target), dtype=torch.int64, device=target.device)
        solved = torch.zeros(len(target), dtype=torch.bool, device=target.device)
        rows, balances = torch.nonzero(possible).squeeze(-1), len(self.balance)
        if balances <= MOST_BALANCES:
            for chunk in rows.split(max(CHUNK_ENTRIES // max(balances * self.groups, 1), 1)):
                result = nearest_balanced(self.balance, *(tensor[chunk] for tensor in reduced))
                fluxes[chunk], iterations[chunk] = self._expand(result.values), result.iterations
                solved[chunk] = result.solved
        status = [OPTIMAL if done else "" for done in solved.tolist()]
        open_rows = torch.nonzero(~solved).squeeze(-1).tolist()
        for row in open_rows:
            fluxes[row], status[row] = self._reference(*(tensor[row].cpu().numpy() for tensor in flat))
        return PolytopeSolution(fluxes, tuple(status), iterations, len(open_rows))

    def _reference(
        self, target: np.ndarray, lower: np.ndarray, upper: np.ndarray, weight: np.ndarray
    ) -> tuple[Tensor, str]:
        """One sample by a quadratic program; that it is infeasible, by a linear one."""
        solution = QuadraticProgram(self._matrix, weight).solve(weight * target, lower, upper)
        status = solution.status
        if status != OPTIMAL:
            feasible = LinearProgram(self._matrix, np.zeros(len(target))).solve(lower, upper).status
            status = INFEASIBLE if feasible == INFEASIBLE else f"failed: {status.removeprefix('failed: ')}"
        return torch.from_numpy(solution.values), status
