"""Nearest balanced point within bounds, by a batched semismooth Newton method on the dual."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

EPSILON = float(torch.finfo(torch.float64).eps)
MOST_ITERATIONS = 60
CONVERGED = 2e-13
"""Imbalance at which a sample stops, relative to 1 + its largest flux: rounding."""

ACCEPTED = 2e-12
"""Largest imbalance of a solved sample, for those that rounding keeps above `CONVERGED`."""

BLURRED = 1e-10
"""Largest rounding of a value before it is clipped, relative to 1 + the size of its target and of the largest value."""

DAMPING = 1e-9
"""Damping of the dual's curvature, relative to its mean: with too few free fluxes it is singular."""


@dataclass(frozen=True, eq=False)
class NewtonResult:
    """Result of the iteration.

    Attributes:
        values: Shape `[samples, columns]`; always within the bounds.
        solved: Whether the balances hold, shape `[samples]`.
        iterations: Shape `[samples]`.
    """

    values: Tensor
    solved: Tensor
    iterations: Tensor


def nearest_balanced(balance: Tensor, target: Tensor, lower: Tensor, upper: Tensor, weight: Tensor) -> NewtonResult:
    r"""Minimise $\tfrac12 \sum w (x - t)^2$ subject to $A x = 0$ and $l \le x \le u$, for many samples at once.

    With dual variables y, $x(y) = \mathrm{clip}(t + w^{-1} A^\top y, l, u)$; solve the piecewise linear equation
    $A\,x(y) = 0$ by Newton's method (Qi and Sun 1993, doi 10.1007/BF01581275), with a line search on the dual function.
    Start at the solution without bounds; most samples of a metabolic network then need four steps.

    Args:
        balance: A with independent rows, shape `[rows, columns]`.
        target: t, shape `[samples, columns]`.
        lower: l, the same shape; −inf for none.
        upper: u, the same shape; inf for none.
        weight: w > 0, the same shape.
    """
    count = torch.zeros(len(target), dtype=torch.int64, device=target.device)
    if not len(balance):
        # Without balances (all reactions in one group), clip.
        clipped = torch.minimum(torch.maximum(target, lower), upper)
        return NewtonResult(clipped, torch.ones_like(count, dtype=torch.bool), count)
    inverse = 1.0 / weight
    curvature = (balance * inverse[:, None, :]) @ balance.T
    dual = _solve_damped(curvature, -(target @ balance.T)[..., None], 0.0)[..., 0]
    state = _State(balance, torch.arange(len(target), device=target.device), dual, target, lower, upper, inverse)
    values = state.values.clone()
    duals = dual.clone()
    worst = torch.full_like(target[:, 0], torch.inf)
    iterations = count
    for iteration in range(MOST_ITERATIONS + 1):
        size = 1.0 + state.values.abs().amax(-1)
        imbalance = state.imbalance.abs().amax(-1) / size
        better = imbalance < worst[state.rows]
        values[state.rows[better]] = state.values[better]
        duals[state.rows[better]] = state.dual[better]
        worst[state.rows[better]] = imbalance[better]
        iterations[state.rows] = iteration
        state = state.keep(imbalance > CONVERGED)
        if not len(state.rows) or iteration == MOST_ITERATIONS:
            break
        state.step()
    # Uneven weights: the dual variables of heavy columns can drown the pull on light ones.
    rounding = EPSILON * (duals.abs() @ balance.abs()) * inverse
    clear = rounding <= BLURRED * (1.0 + target.abs() + values.abs().amax(-1, keepdim=True))
    return NewtonResult(values, (worst <= ACCEPTED) & clear.all(-1), iterations)


class _State:
    """Samples that have not converged, with their dual variables and derived values."""

    def __init__(
        self, balance: Tensor, rows: Tensor, dual: Tensor, target: Tensor, lower: Tensor, upper: Tensor, inverse: Tensor
    ) -> None:
        self.balance, self.rows, self.dual = balance, rows, dual
        self.target, self.lower, self.upper, self.inverse = target, lower, upper, inverse
        self.height, self.free, self.values, self.imbalance = self._at(dual)

    def _at(self, dual: Tensor, rows: Tensor | slice = slice(None)) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Compute the dual function, whether values are free, the values, and their imbalance."""
        target, lower, upper, inverse = (x[rows] for x in (self.target, self.lower, self.upper, self.inverse))
        unbounded = target + (dual @ self.balance) * inverse
        values = torch.minimum(torch.maximum(unbounded, lower), upper)
        imbalance = values @ self.balance.T
        height = (dual * imbalance).sum(-1) - 0.5 * ((values - target).square() / inverse).sum(-1)
        return height, (unbounded > lower) & (unbounded < upper), values, imbalance

    def keep(self, mask: Tensor) -> _State:
        """Return the samples of a mask."""
        if bool(mask.all()):
            return self
        kept = object.__new__(_State)
        kept.balance = self.balance
        for name, tensor in vars(self).items():
            if name != "balance":
                setattr(kept, name, tensor[mask])
        return kept

    def step(self) -> None:
        """Take one damped Newton step with backtracking."""
        curvature = (self.balance * (self.inverse * self.free)[:, None, :]) @ self.balance.T
        scale = self.inverse.mean(-1)
        direction = _solve_damped(curvature, -self.imbalance[..., None], DAMPING * scale)[..., 0]
        slope = (self.imbalance * direction).sum(-1)
        length = torch.ones_like(slope)
        dual = self.dual + direction
        height, free, values, imbalance = self._at(dual)
        for _ in range(30):
            high = height > self.height + 1e-4 * length * slope + 1e-12 * self.height.abs()
            rows = torch.nonzero(high).squeeze(-1)
            if not len(rows):
                break
            length[rows] *= 0.3
            dual[rows] = self.dual[rows] + length[rows, None] * direction[rows]
            height[rows], free[rows], values[rows], imbalance[rows] = self._at(dual[rows], rows)
        self.dual, self.height, self.free, self.values, self.imbalance = dual, height, free, values, imbalance


def correct_densely(values: Tensor, variance: Tensor, balance: Tensor) -> Tensor:
    """Compute C of `BalanceCorrection` with one dense factor per sample.

    Args:
        values: x, shape `[..., *samples, columns]`.
        variance: m, shape `[*samples, columns]`.
        balance: A, shape `[rows, columns]`.
    """
    width = balance.shape[1]
    inverse = variance.reshape(-1, width)
    right = values.reshape(-1, len(inverse), width) @ balance.T
    curvature = (balance * inverse[:, None, :]) @ balance.T
    damping = 1e-12 * curvature.diagonal(dim1=-2, dim2=-1).mean(-1)
    potential = _solve_damped(curvature, right.movedim(0, -1), damping)
    return (potential.movedim(-1, 0) @ balance).reshape(values.shape)


def _solve_damped(curvature: Tensor, right: Tensor, damping: Tensor | float) -> Tensor:
    """Solve a damped symmetric system for every sample, right-hand sides `[samples, rows, sides]`."""
    diagonal = curvature.diagonal(dim1=-2, dim2=-1)
    diagonal.add_(damping[:, None] if isinstance(damping, Tensor) else damping)
    factor, failed = torch.linalg.cholesky_ex(curvature)
    bad = failed > 0
    if bool(bad.any()):
        # Rounding made these indefinite: increase their diagonal.
        more = curvature[bad]
        more.diagonal(dim1=-2, dim2=-1).add_(1e-6 * more.diagonal(dim1=-2, dim2=-1).mean(-1, keepdim=True) + 1e-30)
        factor[bad] = torch.linalg.cholesky_ex(more)[0]
    solved: Tensor = torch.cholesky_solve(right, factor)
    return solved
