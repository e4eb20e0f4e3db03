"""MediaEstimate: an average of estimates of traits of cultures, one for media like those seen and one for others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from metagnn.estimates.estimate import AbstractEstimate, AbstractFittedEstimate, Guess
from metagnn.estimates.media_process import ProcessEstimate
from metagnn.estimates.media_samples import VIEWS, MediaSamples
from metagnn.estimates.media_shares import POWER_INSIDE, POWER_OUTSIDE, trait_shares
from metagnn.estimates.media_trees import TreesEstimate

RANDOM_FOLDS = 5

TREES, TREES_LEFT_OUT = 150, 40
"""Trees of a forest, and of one that only tells how well such forests predict media left out."""

INSIDE, OUTSIDE = "inside", "outside"
"""Media like those of the training, judged on random folds; media with something new, judged on groups left out."""


def media_candidates(seed: int, trees: int = TREES) -> dict[str, tuple[str, AbstractEstimate]]:
    """Return view and estimate of every candidate, the simplest first."""
    alone, without, whole = VIEWS
    ridge, process = ProcessEstimate("ridge", lengths=()), ProcessEstimate("process")
    own, joint = TreesEstimate("trees", trees, seed), TreesEstimate("joint trees", trees, seed, joint=True)
    kinds = {ridge: VIEWS, process: VIEWS, own: (without, whole), joint: (alone, without)}
    return {f"{kind.name}, {view}": (view, kind) for kind, views in kinds.items() for view in views}


@dataclass(frozen=True, eq=False)
class LeftOut:
    """What is said of training media when their fold is left out.

    Attributes:
        folds: Fold of every medium, shape `[samples]`.
        shares: Share of every candidate in the average of every target, shape `[candidates, targets]`.
        mean: What the average says, shape `[samples, targets]`.
        deviation: Its standard deviation by its own account, the same shape.
        errors: Mean absolute error of every candidate and, last, of the average, relative to the standard deviation of
            the target, shape `[candidates + 1, targets]`.
    """

    folds: np.ndarray
    shares: np.ndarray
    mean: np.ndarray
    deviation: np.ndarray
    errors: np.ndarray


@dataclass(frozen=True, eq=False)
class MediaEstimate:
    """Fitted candidates with their shares.

    Attributes:
        samples: Training media.
        observed: Their traits, NaN for gaps, shape `[samples, targets]`.
        weight: Weight of every medium, shape `[samples]`, or None.
        seed: Seed of folds and trees.
        left_out: What was said of media left out, by `INSIDE` and `OUTSIDE`.
        members: The fitted candidates that have a share.
    """

    samples: MediaSamples
    observed: np.ndarray
    weight: np.ndarray | None
    seed: int
    left_out: Mapping[str, LeftOut]
    members: Mapping[str, AbstractFittedEstimate]

    @classmethod
    def fit(
        cls, samples: MediaSamples, observed: np.ndarray, weight: np.ndarray | None, groups: np.ndarray, seed: int
    ) -> MediaEstimate:
        """Choose shares on media left out, and fit all.

        Args:
            samples: Training media.
            observed: Their traits, NaN for gaps, shape `[samples, targets]`.
            weight: Weight of every medium, shape `[samples]`, or None.
            groups: Group of every medium as a number, shape `[samples]`.
            seed: Seed of folds and trees.
        """
        random = random_folds(len(samples), seed)
        partitions = {INSIDE: random, OUTSIDE: groups if len(np.unique(groups)) > 1 else random}
        left_out = {
            kind: _leave_out(samples, observed, weight, folds, seed, kind == OUTSIDE)
            for kind, folds in partitions.items()
        }
        return cls.restore(samples, observed, weight, seed, left_out)

    @classmethod
    def restore(
        cls,
        samples: MediaSamples,
        observed: np.ndarray,
        weight: np.ndarray | None,
        seed: int,
        left_out: Mapping[str, LeftOut],
    ) -> MediaEstimate:
        """Fit the candidates that have a share; the choice is given."""
        used = np.any([part.shares.any(axis=1) for part in left_out.values()], axis=0)
        chosen = [name for name, share in zip(media_candidates(seed), used, strict=True) if share]
        members = _fitted(chosen, samples, observed, weight, (seed, TREES))
        return cls(samples, observed, weight, seed, left_out, members)

    def predict(self, samples: MediaSamples, outside: np.ndarray) -> Guess:
        """Estimate every trait.

        Args:
            samples: Media.
            outside: Which of them have something that no training medium had, boolean, shape `[samples]`.
        """
        names = list(media_candidates(self.seed))
        guesses = {
            name: member.predict(samples.view(names_view(name), self.observed.shape[1]))
            for name, member in self.members.items()
        }
        parts = {
            kind: _average([guesses.get(name) for name in names], part.shares) for kind, part in self.left_out.items()
        }
        where = outside[:, None]
        return Guess(
            np.where(where, parts[OUTSIDE].mean, parts[INSIDE].mean),
            np.where(where, parts[OUTSIDE].deviation, parts[INSIDE].deviation),
        )

    def scores(self, targets: list[str]) -> pd.DataFrame:
        """Errors of candidates and averages on media left out, with a row for every kind of media."""
        rows = [*media_candidates(self.seed), "average"]
        return pd.concat(
            {kind: pd.DataFrame(part.errors, rows, targets) for kind, part in self.left_out.items()},
            names=["media", "estimate"],
        )


def names_view(name: str) -> str:
    """The view that a candidate reads."""
    return name.partition(", ")[2]


def random_folds(samples: int, seed: int) -> np.ndarray:
    """Return a random fold for every sample, all of about the same size, shape `[samples]`."""
    folds = np.empty(samples, dtype=np.int64)
    folds[np.random.default_rng(seed).permutation(samples)] = np.arange(samples) % min(RANDOM_FOLDS, samples)
    return folds


def _leave_out(
    samples: MediaSamples, observed: np.ndarray, weight: np.ndarray | None, folds: np.ndarray, seed: int, grouped: bool
) -> LeftOut:
    names, targets = list(media_candidates(seed)), observed.shape[1]
    mean = np.full((len(names), *observed.shape), np.nan)
    deviation = mean.copy()
    for fold in np.unique(folds):
        test, train = np.flatnonzero(folds == fold), np.flatnonzero(folds != fold)
        part = None if weight is None else weight[train]
        fitted = _fitted(names, samples.rows(train), observed[train], part, (seed, TREES_LEFT_OUT))
        for place, name in enumerate(names):
            guess = fitted[name].predict(samples.rows(test).view(names_view(name), targets))
            mean[place, test], deviation[place, test] = guess.mean, guess.deviation
    group = folds if grouped else np.zeros(len(folds), dtype=np.int64)
    shares = trait_shares(mean, observed, group, POWER_OUTSIDE if grouped else POWER_INSIDE)
    guesses: list[Guess | None] = [Guess(m, d) for m, d in zip(mean, deviation, strict=True)]
    own = _average(guesses, shares)
    spread = np.maximum(np.nanstd(observed, axis=0), 1e-12)
    error = np.abs(np.concatenate([mean, own.mean[None]]) - observed)
    count = (~np.isnan(error)).sum(axis=1)
    errors = np.divide(np.nansum(error, axis=1), count, out=np.full(count.shape, np.nan), where=count > 0) / spread
    return LeftOut(folds, shares, own.mean, own.deviation, errors)


def _fitted(
    names: list[str],
    samples: MediaSamples,
    observed: np.ndarray,
    weight: np.ndarray | None,
    forest: tuple[int, int],
) -> dict[str, AbstractFittedEstimate]:
    """Fit candidates by name; `forest` holds seed and number of trees."""
    candidates = media_candidates(*forest)
    each = None if weight is None else np.repeat(weight[:, None], observed.shape[1], axis=1)
    fitted = {}
    for name in names:
        view, estimate = candidates[name]
        fitted[name] = estimate.fit(samples.view(view, observed.shape[1]), observed, each)
    return fitted


def _average(guesses: list[Guess | None], shares: np.ndarray) -> Guess:
    """Average of every target with its own shares; candidates without a share may be missing.

    Its variance is the mean variance and that between the candidates.
    """
    mean, square = 0.0, 0.0
    for guess, share in zip(guesses, shares, strict=True):
        if guess is not None:
            mean = mean + share * guess.mean
            square = square + share * (guess.deviation**2 + guess.mean**2)
    return Guess(np.asarray(mean), np.sqrt(np.maximum(square - np.asarray(mean) ** 2, 0.0)))
