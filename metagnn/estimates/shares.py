"""Shares of estimates in an average: one for samples like the training rows, one for samples outside of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from metagnn.estimates.row_errors import row_errors

MOST_MEMBERS = 4
"""Largest number of estimates in an average."""

WORTH = 0.98
"""Error with a further member, relative to that without, below which it joins."""

FEW_FOLDS = 2
"""Folds with rows outside of the others up to which the default stays as it is."""


@dataclass(frozen=True, eq=False)
class Shares:
    """Share of every candidate.

    Attributes:
        inside: For samples like the training rows, shape `[candidates]`.
        outside: For samples far outside of them, shape `[candidates]`.
    """

    inside: np.ndarray
    outside: np.ndarray

    def of(self, outside: np.ndarray) -> np.ndarray:
        """Shares in samples, shape `[candidates, samples]`, from how far each is outside, `[samples]`, 0 to 1."""
        mixed: np.ndarray = self.inside[:, None] * (1.0 - outside) + self.outside[:, None] * outside
        return mixed


@dataclass(frozen=True, eq=False)
class LeftOut:
    """What every candidate says of rows that it did not see.

    Attributes:
        guesses: Shape `[candidates, rows, targets]`.
        observed: Targets, NaN for gaps, shape `[rows, targets]`.
        folds: Fold of every row.
        outside: How far every row is outside of those that the candidates saw, 0 to 1.
        relative: How errors are measured; see `row_errors`.
    """

    guesses: np.ndarray
    observed: np.ndarray
    folds: np.ndarray
    outside: np.ndarray
    relative: bool

    def errors(self, shares: np.ndarray) -> np.ndarray:
        """Errors of an average, shape `[rows]`, from shares `[candidates]` or `[candidates, rows]`."""
        mean = np.einsum("cn,cnt->nt", np.broadcast_to(shares.T, self.guesses.shape[1::-1]).T, self.guesses)
        return row_errors(mean, self.observed, self.relative)


def find_shares(left_out: LeftOut, default: Sequence[int]) -> Shares:
    """Return the shares of the candidates.

    Rows inside choose for samples inside. Outside, the default, in equal parts, is what to believe before data: it is
    given up in part where several folds lie outside of the others and say so.

    Args:
        left_out: What the candidates say of rows left out.
        default: Candidates to average outside of the training rows; none: those that are chosen inside.
    """
    far = left_out.outside >= 0.5
    near = ~far if (~far).sum() >= max(3, 0.2 * len(far)) else np.ones(len(far), dtype=bool)
    inside = _plain_average(left_out, near)
    prior = np.zeros(len(left_out.guesses))
    prior[list(default)] = 1.0 / max(len(default), 1)
    prior = prior if len(default) else inside
    folds = len(np.unique(left_out.folds[far]))
    if folds <= FEW_FOLDS:
        return Shares(inside, prior)
    trust = (folds - FEW_FOLDS) / folds
    return Shares(inside, trust * _plain_average(left_out, far) + (1.0 - trust) * prior)


def _plain_average(left_out: LeftOut, rows: np.ndarray) -> np.ndarray:
    """Return equal shares of few candidates: the best one, and whichever lower the error of the average.

    Equal parts are robust where rows are few: no coefficient is fitted.
    """
    guesses, observed = left_out.guesses[:, rows], left_out.observed[rows]
    members: list[int] = []
    best = np.inf
    while len(members) < min(MOST_MEMBERS, len(guesses)):
        others = [index for index in range(len(guesses)) if index not in members]
        scores = []
        for other in others:
            errors = row_errors(guesses[[*members, other]].mean(axis=0), observed, left_out.relative)
            scores.append(float(np.nanmean(errors)) if not np.isnan(errors).all() else 0.0)
        if members and not min(scores) < WORTH * best:
            break
        best = min(scores)
        members.append(others[int(np.argmin(scores))])
    shares = np.zeros(len(guesses))
    shares[members] = 1.0 / len(members)
    return shares
