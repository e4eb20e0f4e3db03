"""Choose among estimates, or average them, by what they say of groups that they did not see."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from metagnn.errors import FolderError, InputError
from metagnn.estimates.estimate import AbstractEstimate, AbstractFittedEstimate, Guess
from metagnn.estimates.folds import leave_out_folds
from metagnn.estimates.known_samples import KnownSamples
from metagnn.estimates.outside import outside_share
from metagnn.estimates.shares import LeftOut, Shares, find_shares

CHOSEN = "chosen"
"""Row of the scores that holds the average."""

KNOWN = tuple(field.name for field in dataclasses.fields(KnownSamples))


@dataclass(frozen=True, eq=False)
class ChosenEstimate(AbstractFittedEstimate):
    """An average of fitted estimates, with what it says of training rows that it did not see.

    Attributes:
        weights: Share of every estimate in the average; most are zero.
        outside: The same for samples far outside of the training rows; in between, the shares are mixed.
        scores: Error of every candidate, and of the average (row "chosen"), on rows left out; smaller is better.
        left_out: What the average says of every training row when its fold is left out, shape `[samples, targets]`.
        deviation_left_out: Its standard deviation there.
        folds: Fold of every training row, shape `[samples]`; whole groups.
        known: What is known of the training rows.
        observed: Their targets, NaN for gaps.
        weight: Weight of every observation, or None.
        members: The fitted estimates of the average, by name.
    """

    weights: dict[str, float]
    outside: dict[str, float]
    scores: pd.DataFrame
    left_out: np.ndarray
    deviation_left_out: np.ndarray
    folds: np.ndarray
    known: KnownSamples
    observed: np.ndarray
    weight: np.ndarray | None
    members: dict[str, AbstractFittedEstimate]

    def predict(self, known: KnownSamples) -> Guess:
        """See the base class; the deviation holds what the members say and how much they differ."""
        inside, outside = (np.array([shares[name] for name in self.members]) for shares in (self.weights, self.outside))
        shares = Shares(inside, outside).of(outside_share(self.known, known))
        return averaged([member.predict(known) for member in self.members.values()], shares)

    def to_arrays(self) -> dict[str, np.ndarray]:
        """Return training rows and choice as arrays of numbers; `from_arrays` fits the members anew."""
        arrays = {f"known.{name}": getattr(self.known, name) for name in KNOWN}
        arrays |= {"observed": self.observed, "left_out": self.left_out, "deviation_left_out": self.deviation_left_out}
        arrays["folds"] = self.folds
        if self.weight is not None:
            arrays["weight"] = self.weight
        for name, share in self.weights.items():
            arrays[f"share.{name}"] = np.array([share, self.outside[name]])
        for label, row in self.scores.iterrows():
            arrays[f"score.{label}"] = row.to_numpy(dtype=np.float64)
        return {name: np.ascontiguousarray(values) for name, values in arrays.items()}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray], candidates: Sequence[AbstractEstimate]) -> ChosenEstimate:
        """Rebuild from what `to_arrays` returned.

        Args:
            arrays: The arrays.
            candidates: The list that was chosen from, or one that holds it.

        Raises:
            FolderError: An array is missing, or an estimate is not among the candidates.
        """
        try:
            known = KnownSamples(**{name: np.asarray(arrays[f"known.{name}"]) for name in KNOWN})
            observed, weight = np.asarray(arrays["observed"]), arrays.get("weight")
            left_out, deviation = np.asarray(arrays["left_out"]), np.asarray(arrays["deviation_left_out"])
            folds = np.asarray(arrays["folds"])
        except KeyError as error:
            raise FolderError(f"a saved estimate lacks {error}; train again") from error
        shares = {name[6:]: np.asarray(values) for name, values in arrays.items() if name.startswith("share.")}
        rows = {name[6:]: np.asarray(values) for name, values in arrays.items() if name.startswith("score.")}
        by_name = {candidate.name: candidate for candidate in candidates}
        for name in shares.keys() - by_name.keys():
            raise FolderError(f"a saved estimate holds {name!r}; expected any of {', '.join(by_name)}: train again")
        order = [name for name in by_name if name in shares]
        inside, outside = ({name: float(shares[name][place]) for name in order} for place in (0, 1))
        scores = _score_table({name: rows[name] for name in (*order, CHOSEN)})
        members = _fitted([by_name[name] for name in order if shares[name].any()], known, observed, weight)
        return cls(inside, outside, scores, left_out, deviation, folds, known, observed, weight, members)


def choose_estimate(
    candidates: Sequence[AbstractEstimate],
    known: KnownSamples,
    observed: np.ndarray,
    weight: np.ndarray | None = None,
    groups: np.ndarray | None = None,
    relative: bool = False,
    outside: Sequence[str] = (),
) -> ChosenEstimate:
    """Choose, or average, by cross-validation that leaves whole groups out.

    Args:
        candidates: Estimates with names of their own; the first ones win ties.
        known: What is known of the training rows.
        observed: Targets, shape `[samples, targets]`, NaN for gaps.
        weight: Weight ≥ 0 of every observation, the same shape; None weighs all alike.
        groups: Group of every row: what a fold holds as a whole. None: random folds, and folds along the inputs.
        relative: Whether errors are relative to the size of a row, as of flux distributions, or to the standard
            deviation of a target.
        outside: Candidates to average, until data say otherwise, in samples far outside of the training rows.

    Raises:
        InputError: No candidate, a name that comes twice, arrays of other shapes, or no observation.
    """
    names = [candidate.name for candidate in candidates]
    if not names or len(set(names)) < len(names):
        raise InputError(f"`candidates` holds {names}; expected at least one, and every name once")
    _check(known, observed, weight)
    if weight is not None:
        # What does not count is not there, neither to fit nor to judge.
        observed = np.where(weight > 0, observed, np.nan)
        _check(known, observed, weight)
    for name in set(outside) - set(names):
        raise InputError(f"`outside` names {name!r}; expected any of the candidates {', '.join(names)}")
    partitions = leave_out_folds(groups, known)
    found = [[_left_out(one, known, observed, weight, folds) for one in candidates] for folds in partitions]
    means = np.concatenate([[guess.mean for guess in guesses] for guesses in found], axis=1)
    far = [_outside(known, folds) for folds in partitions]
    # Folds of another partition are others.
    folds = np.concatenate([part + place * len(known) for place, part in enumerate(partitions)])
    left_out = LeftOut(means, np.concatenate([observed] * len(partitions)), folds, np.concatenate(far), relative)
    shares = find_shares(left_out, [names.index(name) for name in outside])
    own = averaged(found[0], shares.of(far[0]))
    rows = {name: _scores(left_out, np.eye(len(names))[place]) for place, name in enumerate(names)}
    rows[CHOSEN] = _scores(left_out, shares.of(left_out.outside))
    used = (shares.inside > 0) | (shares.outside > 0)
    members = _fitted([candidates[place] for place in np.flatnonzero(used)], known, observed, weight)
    inside, beyond = (dict(zip(names, part.tolist(), strict=True)) for part in (shares.inside, shares.outside))
    table = _score_table(rows)
    return ChosenEstimate(
        inside, beyond, table, own.mean, own.deviation, partitions[0], known, observed, weight, members
    )


def averaged(guesses: Sequence[Guess], shares: np.ndarray) -> Guess:
    """Return the average; its variance is the mean variance and that between the guesses.

    Args:
        guesses: The guesses.
        shares: Share of each, shape `[guesses]`, or of each in every sample, `[guesses, samples]`.
    """
    shares = np.broadcast_to(shares.T, (len(guesses[0].mean), len(guesses))).T
    mean, square = np.zeros_like(guesses[0].mean), np.zeros_like(guesses[0].mean)
    for guess, share in zip(guesses, shares, strict=True):
        if share.any():
            mean += share[:, None] * guess.mean
    for guess, share in zip(guesses, shares, strict=True):
        if share.any():
            square += share[:, None] * (guess.deviation**2 + (guess.mean - mean) ** 2)
    return Guess(mean, np.sqrt(square))


def _check(known: KnownSamples, observed: np.ndarray, weight: np.ndarray | None) -> None:
    if observed.ndim != 2 or len(observed) != len(known):
        raise InputError(f"`observed` has shape {observed.shape}; expected [{len(known)}, targets]")
    if known.own.shape != observed.shape:
        raise InputError(f"`known.own` has shape {known.own.shape}; expected that of `observed`, {observed.shape}")
    if np.isinf(observed).any():
        raise InputError("`observed` holds infinity; expected numbers, or NaN where nothing was observed")
    if weight is not None and (weight.shape != observed.shape or not (weight[~np.isnan(observed)] >= 0).all()):
        raise InputError(f"`weight` has shape {weight.shape}; expected numbers ≥ 0 of shape {observed.shape}")
    if np.isnan(observed).all():
        raise InputError("`observed` holds no observation; expected at least one number")


def _left_out(
    candidate: AbstractEstimate,
    known: KnownSamples,
    observed: np.ndarray,
    weight: np.ndarray | None,
    folds: np.ndarray,
) -> Guess:
    """What a candidate says of every row when the fold of the row is left out."""
    mean, deviation = np.full(observed.shape, np.nan), np.full(observed.shape, np.nan)
    for fold in np.unique(folds):
        test, train = np.flatnonzero(folds == fold), np.flatnonzero(folds != fold)
        # A single row or fold has nothing to learn from but itself.
        train = train if len(train) else test
        fitted = candidate.fit(known.rows(train), observed[train], None if weight is None else weight[train])
        guess = fitted.predict(known.rows(test))
        mean[test], deviation[test] = guess.mean, guess.deviation
    return Guess(mean, deviation)


def _fitted(
    candidates: Sequence[AbstractEstimate], known: KnownSamples, observed: np.ndarray, weight: np.ndarray | None
) -> dict[str, AbstractFittedEstimate]:
    return {candidate.name: candidate.fit(known, observed, weight) for candidate in candidates}


def _outside(known: KnownSamples, folds: np.ndarray) -> np.ndarray:
    """How far every row is outside of the other folds."""
    share = np.zeros(len(known))
    for fold in np.unique(folds):
        test, train = np.flatnonzero(folds == fold), np.flatnonzero(folds != fold)
        if len(train):
            share[test] = outside_share(known.rows(train), known.rows(test))
    return share


def _scores(left_out: LeftOut, shares: np.ndarray) -> np.ndarray:
    """Mean, median and largest error of an average, whose shares may differ by row."""
    errors = left_out.errors(shares)
    return np.array([np.nanmean(errors), np.nanmedian(errors), np.nanmax(errors)])


def _score_table(rows: Mapping[str, np.ndarray]) -> pd.DataFrame:
    return pd.DataFrame.from_dict(dict(rows), orient="index", columns=["mean", "median", "worst"])
