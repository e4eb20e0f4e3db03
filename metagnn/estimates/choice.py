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
from metagnn.estimates.row_errors import average_weights, row_errors

CHOSEN = "chosen"
"""Row of the scores that holds the average."""

KNOWN = tuple(field.name for field in dataclasses.fields(KnownSamples))


@dataclass(frozen=True, eq=False)
class ChosenEstimate(AbstractFittedEstimate):
    """An average of fitted estimates, with what it says of training rows that it did not see.

    Attributes:
        weights: Share of every estimate in the average; most are zero.
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
        shares = [self.weights[name] for name in self.members]
        return averaged([member.predict(known) for member in self.members.values()], shares)

    def to_arrays(self) -> dict[str, np.ndarray]:
        """Return training rows and choice as arrays of numbers; `from_arrays` fits the members anew."""
        arrays = {f"known.{name}": getattr(self.known, name) for name in KNOWN}
        arrays |= {"observed": self.observed, "left_out": self.left_out, "deviation_left_out": self.deviation_left_out}
        arrays["folds"] = self.folds
        if self.weight is not None:
            arrays["weight"] = self.weight
        for name, share in self.weights.items():
            arrays[f"share.{name}"] = np.array([share])
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
        weights = {name[6:]: float(values[0]) for name, values in arrays.items() if name.startswith("share.")}
        rows = {name[6:]: np.asarray(values) for name, values in arrays.items() if name.startswith("score.")}
        by_name = {candidate.name: candidate for candidate in candidates}
        for name in weights.keys() - by_name.keys():
            raise FolderError(f"a saved estimate holds {name!r}; expected any of {', '.join(by_name)}: train again")
        order = [name for name in by_name if name in weights]
        weights = {name: weights[name] for name in order}
        scores = _score_table({name: rows[name] for name in (*order, CHOSEN)})
        members = _fitted([by_name[name] for name in order if weights[name] > 0], known, observed, weight)
        return cls(weights, scores, left_out, deviation, folds, known, observed, weight, members)


def choose_estimate(
    candidates: Sequence[AbstractEstimate],
    known: KnownSamples,
    observed: np.ndarray,
    weight: np.ndarray | None = None,
    groups: np.ndarray | None = None,
    relative: bool = False,
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

    Raises:
        InputError: No candidate, a name that comes twice, arrays of other shapes, or no observation.
    """
    names = [candidate.name for candidate in candidates]
    if not names or len(set(names)) < len(names):
        raise InputError(f"`candidates` holds {names}; expected at least one, and every name once")
    _check(known, observed, weight)
    partitions = leave_out_folds(groups, known)
    found = [[_left_out(one, known, observed, weight, folds) for one in candidates] for folds in partitions]
    means = np.concatenate([[guess.mean for guess in guesses] for guesses in found], axis=1)
    repeated = np.concatenate([observed] * len(partitions))
    shares = average_weights(means, repeated, relative)
    rows = {name: _scores(means[place], repeated, relative) for place, name in enumerate(names)}
    rows[CHOSEN] = _scores(np.tensordot(shares, means, axes=1), repeated, relative)
    weights = dict(zip(names, shares.tolist(), strict=True))
    chosen = [place for place in range(len(names)) if shares[place] > 0]
    own = averaged([found[0][place] for place in chosen], shares[chosen])
    members = _fitted([candidates[place] for place in chosen], known, observed, weight)
    table = _score_table(rows)
    return ChosenEstimate(weights, table, own.mean, own.deviation, partitions[0], known, observed, weight, members)


def averaged(guesses: Sequence[Guess], shares: Sequence[float] | np.ndarray) -> Guess:
    """Return the average; its variance is the mean variance and that between the guesses."""
    share = np.asarray(shares)[:, None, None]
    means, deviations = np.stack([guess.mean for guess in guesses]), np.stack([guess.deviation for guess in guesses])
    mean = (share * means).sum(axis=0)
    return Guess(mean, np.sqrt((share * (deviations**2 + (means - mean) ** 2)).sum(axis=0)))


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


def _scores(guess: np.ndarray, observed: np.ndarray, relative: bool) -> np.ndarray:
    errors = row_errors(guess, observed, relative)
    return np.array([np.nanmean(errors), np.nanmedian(errors), np.nanmax(errors)])


def _score_table(rows: Mapping[str, np.ndarray]) -> pd.DataFrame:
    return pd.DataFrame.from_dict(dict(rows), orient="index", columns=["mean", "median", "worst"])
