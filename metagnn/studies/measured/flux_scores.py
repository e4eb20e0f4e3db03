"""Score predicted fluxes against measured ones, or against the truth behind them."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from metagnn.studies.harness.experiment import Scores
from metagnn.studies.harness.measured_fluxes import relative_errors
from metagnn.studies.harness.scores import VARIES
from metagnn.studies.measured.flux_case import FluxCase, Fold
from metagnn.studies.rivals.measured_fluxes import FittedFluxes, FluxAnswer, FluxRival

OF_GROUP = "error of "
"""Start of the names of the errors of single groups."""

GROUPS_WON = "groups_won"


def try_contestant(case: FluxCase, rival: FluxRival, seed: int, by_group: str = "") -> Scores:
    """Train on the training samples of every fold of every split, and score its test samples, pooled.

    Args:
        case: Samples and splits.
        rival: Who learns.
        seed: Seed of the training.
        by_group: Split that gets the error of every fold too, named by the group of its test samples.

    Returns:
        By split, see `score_answers`; and the normalised errors in training, mean over the folds: `train_error`, and
        `simple_error` of the simple estimate that the contestant contains, None if it contains none.
    """
    fits: dict[bytes, tuple[FittedFluxes, float]] = {}
    found: Scores = {}
    for name, folds in case.splits.items():
        answers, errors = [], []
        for train, test in folds:
            # Splits may share their training samples.
            key = train.tobytes()
            if key not in fits:
                fitted = rival(case.samples.rows(train), seed)
                fits[key] = fitted, _train_error(case, fitted, train)
            answers.append(fits[key][0](case.samples.rows(test).unmeasured()))
            errors.append(fits[key][1])
        found[name] = score_answers(case, folds, answers) | _training_scores(answers, errors)
        if name == by_group:
            found[name] |= _errors_by_group(case, folds, answers)
    return found


def score_answers(case: FluxCase, folds: Sequence[Fold], answers: Sequence[FluxAnswer]) -> Scores:
    """Score the answers of all folds together.

    Returns:
        `normalised_error`, the mean of ‖predicted − observed‖ / ‖observed‖ over the samples; `uniform_q2`, the mean of
        Q² over the fluxes that vary; `measured_error`, the normalised error of what instruments would show, against
        measurements; `growth_error` and `hidden_error`, the median relative errors; `coverage` of the
        90 % intervals of fluxes, of growth and of what is hidden, and the median half width relative to the mean
        observed value; `max_abs_sv` and `max_bound_violation` [mmol/gDW/h]. None where a contestant has none.
    """
    rows = np.concatenate([test for _, test in folds])
    names = list(map(str, case.samples.targets.columns))
    truth, guess = case.truth[names].to_numpy()[rows], np.concatenate([answer.targets for answer in answers])
    scored = [names.index(name) for name in case.scored]
    growth = names.index(case.samples.network.growth_reaction)
    scores: Scores = {
        "normalised_error": float(relative_errors(truth[:, scored], guess[:, scored]).mean()),
        "uniform_q2": _uniform_q2(truth[:, scored], guess[:, scored]),
        "growth_error": _relative(truth[:, growth], guess[:, growth]),
        "measured_error": None,
        "hidden_error": None,
        **dict.fromkeys(("coverage", "half_width", "growth_coverage", "hidden_coverage", "all_coverage")),
        **dict.fromkeys(("max_abs_sv", "max_bound_violation")),
    }
    shown = _joined(answers, "measurements")
    if shown is not None and not case.hidden:
        scores["measured_error"] = float(relative_errors(truth[:, scored], shown[:, scored]).mean())
    ends = _joined(answers, "low"), _joined(answers, "high")
    if ends[0] is not None and ends[1] is not None:
        low, high = ends
        inside = (low <= truth) & (truth <= high)
        scores |= {
            "coverage": float(inside[:, scored].mean()),
            "growth_coverage": float(inside[:, growth].mean()),
            "half_width": float(np.median((high - low)[:, scored] / 2 / np.abs(truth[:, scored]).mean(axis=0))),
        }
    if all(answer.laws for answer in answers):
        scores |= {law: max(answer.laws[law] for answer in answers) for law in answers[0].laws}
    return scores | _score_hidden(case, rows, answers)


def groups_won(runs: Mapping[str, Sequence[Scores]], bars: Sequence[str], split: str) -> None:
    """Add to every run in how many groups its error is below the best of the bars, of the same seed."""
    for scores in runs.values():
        for at, run in enumerate(scores):
            groups = [name for name in run[split] if name.startswith(OF_GROUP)]
            best = {name: min(runs[bar][at][split][name] for bar in bars) for name in groups}
            run[split][GROUPS_WON] = float(sum(run[split][name] < best[name] for name in groups))


def _score_hidden(case: FluxCase, rows: np.ndarray, answers: Sequence[FluxAnswer]) -> Scores:
    """Score what was not measured as it is, where the truth of every flux is known and the contestant says it."""
    names = list(map(str, case.samples.targets.columns))
    if not case.hidden:
        return {}
    truth, column = case.truth.to_numpy()[rows], list(case.truth.columns).index(case.hidden)
    parts, at = ("fluxes", "all_low", "all_high"), column
    if case.hidden in names and _joined(answers, "fluxes") is None:
        parts, at = ("targets", "low", "high"), names.index(case.hidden)
    guess, low, high = (_joined(answers, part) for part in parts)
    if guess is None:
        return {}
    scores: Scores = {"hidden_error": _relative(truth[:, column], guess[:, at])}
    if low is not None and high is not None:
        inside = (low[:, at] <= truth[:, column]) & (truth[:, column] <= high[:, at])
        scores["hidden_coverage"] = float(inside.mean())
        if low.shape == truth.shape:
            varies = truth.std(axis=0) > VARIES
            scores["all_coverage"] = float(((low <= truth) & (truth <= high))[:, varies].mean())
    return scores


def _training_scores(answers: Sequence[FluxAnswer], errors: Sequence[float]) -> Scores:
    simple = [answer.simple_error for answer in answers if answer.simple_error is not None]
    return {"train_error": float(np.mean(errors)), "simple_error": float(np.mean(simple)) if simple else None}


def _train_error(case: FluxCase, fitted: FittedFluxes, train: np.ndarray) -> float:
    learned = case.samples.rows(train)
    scored = list(case.scored)
    at = [list(learned.targets.columns).index(name) for name in scored]
    guess = fitted(learned.unmeasured()).targets[:, at]
    return float(relative_errors(learned.targets[scored].to_numpy(), guess).mean())


def _errors_by_group(case: FluxCase, folds: Sequence[Fold], answers: Sequence[FluxAnswer]) -> Scores:
    at = [list(case.samples.targets.columns).index(name) for name in case.scored]
    truth = case.truth[list(case.scored)].to_numpy()
    return {
        f"{OF_GROUP}{case.samples.groups[test[0]]}": float(relative_errors(truth[test], answer.targets[:, at]).mean())
        for (_, test), answer in zip(folds, answers, strict=True)
    }


def _joined(answers: Sequence[FluxAnswer], name: str) -> Any:
    parts = [getattr(answer, name) for answer in answers]
    return None if any(part is None for part in parts) else np.concatenate(parts)


def _uniform_q2(truth: np.ndarray, guess: np.ndarray) -> float:
    variation = np.square(truth - truth.mean(axis=0)).sum(axis=0)
    varies = variation > 0
    return float(np.mean(1.0 - np.square(truth - guess).sum(axis=0)[varies] / variation[varies]))


def _relative(truth: np.ndarray, guess: np.ndarray) -> float:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return float(np.nanmedian(np.abs(guess / np.where(truth == 0, np.nan, truth) - 1.0)))
