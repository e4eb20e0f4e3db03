"""Nearest feasible flux: differentiable projection of a target onto the flux polytope."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from metagnn._typing import Fluxes, GivenFluxes
from metagnn.errors import InputError
from metagnn.network.compression import Compression, compress
from metagnn.network.float64_module import Float64Module
from metagnn.network.incidence import Incidence
from metagnn.network.precision import as_floating
from metagnn.nn.balance_correction import front
from metagnn.nn.implicit_nearest import ImplicitNearest
from metagnn.nn.polytope_input import check_directions, check_problem
from metagnn.nn.polytope_newton import correct_densely, nearest_balanced
from metagnn.nn.polytope_reference import BALANCED, ReferenceNearest, keeps_laws
from metagnn.nn.polytope_sparse import SparseNearest
from metagnn.nn.reaction_groups import ReactionGroups
from metagnn.optimize.linear_program import OPTIMAL

CHUNK_ENTRIES = 2**24
"""Largest size of an intermediate, samples × balances × groups: 128 MiB of float64, whatever the batch size."""

HELD = 1e-11
"""Distance to a bound, relative to 1 + |bound|, within which a flux counts as held there."""

MOST_BALANCES = 200
"""Number of balances above which the sparse solver is faster than a dense factor per sample."""


@dataclass(frozen=True, eq=False)
class PolytopeSolution:
    """Nearest feasible fluxes, with the status of every sample.

    Attributes:
        fluxes: Shape `[samples, reactions]` [mmol/gDW/h]; NaN where the status is not "optimal".
        status: "optimal", "infeasible" (confirmed by a linear program), or "failed: " and the reason.
        iterations: Newton steps of every sample.
        by_reference: Number of samples solved by the quadratic program.
    """

    fluxes: Fluxes
    status: tuple[str, ...]
    iterations: Tensor
    by_reference: int


class PolytopeProjection(Float64Module):
    r"""Nearest flux to a target at steady state and within bounds.

    $v^* = \arg\min_v \tfrac12 \sum_r w_r (v_r - t_r)^2$ subject to $S v = 0$, $l \le v \le u$. Use it as the exact
    constraint layer of a network (t: its raw output), for data reconciliation (t: measured rates, w = 1/σ²), MOMA (t:
    the wild type; Segrè et al. 2002, doi 10.1073/pnas.232349399), or least-norm FBA (t = 0, fixed growth).

    Computes in float64 on the compressed network, all samples at once. Gradients are implicit, from the active set,
    and exact except at kinks. Samples that the batched method cannot solve are solved by a dual active-set method or a
    quadratic program.

    Promise, for weights from 1e-12 to 1e12 in one sample, targets to 1e12, pins, boxes of 1e-12 and bounds of ±1e-9:
    an "optimal" flux has |S·v| ≤ 1e-9 · max(1, max|v|) on the full network and lies within the bounds given; it is
    the nearest flux to a target that differs from the given one by at most 1e-9 · (1 + |t| + max|v|) in a reaction.
    "infeasible" is said only where a linear program agrees; a problem that misses feasibility by less than about 1e-10
    counts as feasible. Everything else is "failed: " and the reason. `metagnn benchmark hostile` tries this. It holds
    for float64 targets: a result in the dtype of a float32 target is rounded, and balances to about 1e-7 · max|v|.
    Integer targets give float64. Above 4 million entries of compressed balances (about 2,000 by 2,000) there is no
    dual active-set method. Where the
    limit on the steps of that method runs out, which are counted and not timed, a sample ends as "failed": about a
    minute of a sample at genome scale, of which most take seconds.

    Args:
        incidence: The operator S.
        lower: Lowest bounds of all samples, shape `[reactions]`. Directions that they block are removed; a sample
            may have wider bounds only in the other directions.
        upper: Highest bounds of all samples.
        compression: Result of `compress` for this operator and these bounds, if available: computing it takes a
            second at genome scale.

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

    def __init__(
        self,
        incidence: Incidence,
        lower: np.ndarray | None = None,
        upper: np.ndarray | None = None,
        compression: Compression | None = None,
    ) -> None:
        super().__init__()
        self._matrix = incidence.to_scipy()
        free = np.full(incidence.shape[1], np.inf)
        # Copy: the bounds of a network are read-only, and torch warns of that.
        self._widest = (-free if lower is None else lower.copy()), (free if upper is None else upper.copy())
        if compression is None:
            compression = compress(incidence, *self._widest)
        self.groups = ReactionGroups.from_coupled(compression.coupled)
        balance = compression.balance
        self.register_buffer("balance", None if balance is None else torch.from_numpy(balance), persistent=False)
        few = balance is not None and len(balance) <= MOST_BALANCES
        self._sparse = None if few else SparseNearest(compression.coupled.matrix)
        self._reference = ReferenceNearest(self._matrix, compression.coupled)

    def forward(
        self, target: GivenFluxes, lower: GivenFluxes, upper: GivenFluxes, weight: Tensor | None = None
    ) -> Fluxes:
        """Project; samples without a feasible flux are NaN, are counted in a warning, and receive no gradient.

        Args:
            target: Point to project.
            lower: Lower bounds; −inf for none.
            upper: Upper bounds; inf for none.
            weight: Weights w > 0; ones by default.

        Raises:
            InputError: A shape does not fit, a target or weight is not finite, a weight is not positive, or a lower
                bound exceeds its upper bound.
        """
        target = as_floating("target", target)
        flat = self._flat(target, lower, upper, weight)
        reduced = self._reduce(*flat)
        values, at_lower, at_upper, known = _Solved.apply(self, *(tensor.detach() for tensor in flat))
        solver, constants = (correct_densely, (self.balance,)) if self._sparse is None else (self._sparse.correct, ())
        groups = ImplicitNearest.apply(values, at_lower, at_upper, *reduced, solver, *constants)
        expanded = self.groups.expand(torch.where(known, groups, torch.nan))
        shape = torch.broadcast_shapes(*(t.shape for t in (target, lower, upper, weight) if t is not None))
        return expanded.reshape(shape).to(target.dtype)

    def find(self, *flat: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Compute the nearest values of the groups, without derivatives.

        Args:
            *flat: Target, bounds and weight of reactions, float64, shape `[samples, reactions]`.

        Returns:
            The values (zero for unsolved samples), whether each is held at its lower bound, and whether at its upper
            bound, all of shape `[samples, groups]`; and whether a sample is solved, shape `[samples, 1]`.
        """
        self._check(*flat)
        reduced = self._reduce(*flat)
        solution, side = self._solve(flat, reduced)
        unsolved = sum(status != OPTIMAL for status in solution.status)
        if unsolved:
            warnings.warn(
                f"{unsolved} of {len(flat[0])} samples have no nearest feasible flux and are NaN; `solve` returns why",
                stacklevel=2,
            )
        groups = self.groups.collect(solution.fluxes)
        # Make unsolved samples constant, so that their gradients are not NaN.
        known = ~torch.isnan(groups).any(-1, keepdim=True)
        groups = torch.where(known, groups, 0.0)
        _, lower, upper, _ = reduced
        if self._sparse is None:
            groups = self._on_bounds(groups, lower, upper)
            return groups, groups <= lower, groups >= upper, known
        pinned = lower >= upper
        return groups, (side < 0) | pinned, (side > 0) | pinned, known

    def solve(
        self, target: GivenFluxes, lower: GivenFluxes, upper: GivenFluxes, weight: Tensor | None = None
    ) -> PolytopeSolution:
        """Project without gradients and return the status of each sample; arguments as for `forward`, samples flat."""
        with torch.no_grad():
            flat = self._flat(target, lower, upper, weight)
            self._check(*flat)
            return self._solve(flat, self._reduce(*flat))[0]

    def _flat(self, target: Tensor, lower: Tensor, upper: Tensor, weight: Tensor | None) -> tuple[Tensor, ...]:
        width = len(self.groups.group)
        for name, tensor in (("target", target), ("lower", lower), ("upper", upper), ("weight", weight)):
            if tensor is not None and tensor.shape[-1:] != (width,):
                raise InputError(f"`{name}` has shape {tuple(tensor.shape)}; its last dimension must be {width}")
        weight = torch.ones_like(target) if weight is None else weight
        target, lower, upper, weight = (
            as_floating(name, tensor)
            for name, tensor in (("target", target), ("lower", lower), ("upper", upper), ("weight", weight))
        )
        shape = torch.broadcast_shapes(target.shape, lower.shape, upper.shape, weight.shape)
        return tuple(t.to(torch.float64).expand(shape).reshape(-1, width) for t in (target, lower, upper, weight))

    def _check(self, target: Tensor, lower: Tensor, upper: Tensor, weight: Tensor) -> None:
        check_problem(target, lower, upper, weight)
        check_directions(lower, upper, self._widest)

    def _reduce(self, target: Tensor, lower: Tensor, upper: Tensor, weight: Tensor) -> tuple[Tensor, ...]:
        """Compute the target, bounds and weight of every group."""
        groups = self.groups
        return groups.means(target, weight), *groups.bounds(lower, upper), groups.weights(weight)

    @staticmethod
    def _on_bounds(values: Tensor, lower: Tensor, upper: Tensor) -> Tensor:
        """Move values within rounding of a bound onto it: the gradient depends on which values are held."""
        for bound in (lower, upper):
            near = (values - bound).abs() <= HELD * (1.0 + bound.abs())
            values = torch.where(near & torch.isfinite(bound), bound, values)
        return values

    def _solve(self, flat: tuple[Tensor, ...], reduced: tuple[Tensor, ...]) -> tuple[PolytopeSolution, Tensor]:
        """Solve; also return which bound holds every group (only known for large networks)."""
        target, lower, upper, _ = flat
        fluxes = torch.full_like(target, torch.nan)
        iterations = torch.zeros(len(target), dtype=torch.int64, device=target.device)
        solved = torch.zeros(len(target), dtype=torch.bool, device=target.device)
        side = torch.zeros(reduced[0].shape, dtype=torch.int8, device=target.device)
        rows, balance = torch.nonzero((reduced[1] <= reduced[2]).all(-1)).squeeze(-1), self.balance
        if self._sparse is not None:
            values, side[rows], solved[rows] = self._sparse.solve(*(tensor[rows] for tensor in reduced))
            fluxes[rows] = self.groups.expand(values)
        else:
            for chunk in rows.split(max(CHUNK_ENTRIES // max(balance.numel(), 1), 1)):
                result = nearest_balanced(balance, *(tensor[chunk] for tensor in reduced))
                fluxes[chunk], iterations[chunk] = self.groups.expand(result.values), result.iterations
                solved[chunk] = result.solved
        fluxes, kept = self._onto_bounds(fluxes, lower, upper)
        solved &= kept
        status = [OPTIMAL if done else "" for done in solved.tolist()]
        open_rows = torch.nonzero(~solved).squeeze(-1).tolist()
        for row in open_rows:
            problem, groups = (tuple(tensor[row].cpu().numpy() for tensor in part) for part in (flat, reduced))
            status[row], found, held = self._reference.solve(problem, groups, large=self._sparse is not None)
            fluxes[row], side[row] = torch.from_numpy(found), torch.from_numpy(held)
        # Members that hold a group from both sides cancel in the sum: set them here.
        side = torch.where(reduced[1] >= reduced[2], -1, side)
        return PolytopeSolution(fluxes, tuple(status), iterations, len(open_rows)), side

    def _onto_bounds(self, fluxes: Tensor, lower: Tensor, upper: Tensor) -> tuple[Tensor, Tensor]:
        """Move fluxes onto bounds that they exceed by rounding; return them, and which keep the laws in all of S."""
        clipped = torch.minimum(torch.maximum(fluxes, lower), upper)
        near = (clipped - fluxes).abs().amax(-1) <= BALANCED * clipped.abs().amax(-1).clamp(min=1.0)
        balanced = torch.from_numpy(keeps_laws(self._matrix, clipped.cpu().numpy())).to(near.device)
        return clipped, near & balanced


class _Solved(torch.autograd.Function):
    """`PolytopeProjection.find` as a function that can read values under `torch.func`."""

    @staticmethod
    def forward(layer: PolytopeProjection, *flat: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Call `find`; the arguments carry no derivatives."""
        return layer.find(*flat)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, ...]) -> None:
        """Mark the outputs as not differentiable: `ImplicitNearest` adds the derivatives."""
        ctx.mark_non_differentiable(*output)

    @staticmethod
    def backward(ctx: Any, *_: Tensor) -> tuple[None, ...]:
        """Return no gradients."""
        return (None,) * 5

    @staticmethod
    def vmap(info: Any, in_dims: tuple[Any, ...], layer: PolytopeProjection, *flat: Tensor) -> tuple[Any, Any]:
        """Treat mapped problems as further samples."""
        mapped = [front(tensor, dim, info.batch_size) for tensor, dim in zip(flat, in_dims[1:], strict=True)]
        found = _Solved.apply(layer, *(tensor.flatten(0, 1) for tensor in mapped))
        return tuple(part.unflatten(0, mapped[0].shape[:2]) for part in found), (0, 0, 0, 0)
