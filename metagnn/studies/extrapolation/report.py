"""Print the results of the extrapolation: tables for the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from metagnn.studies.extrapolation.experiment import LABELS
from metagnn.studies.harness.result_table import ResultTable

SHOWN = {"growth_q2": "Q² of growth", "median_flux_q2": "Q² of the median flux"}
"""Metrics with a table of their own, one column a split."""

LAWS = {
    "normalised_error": "normalised error",
    "max_abs_sv": "max |S·v|",
    "max_bound_violation": "worst violation",
}
"""Metrics that share a table: the worst of all splits and seeds."""

UNLEARNED = ("mean", "fba")
"""Models that are not ranked: one ignores the medium, the other learns nothing."""

NOTE = "fba learns nothing: on labels of linear programs its growth is exact by construction"


def extrapolation_tables(results: Mapping[str, Any]) -> Iterator[ResultTable]:
    """Make every table of `extrapolation.json`: what is held out, then scores by labels, then laws."""
    yield _held_out(results["settings"])
    seeds = len(results["settings"]["seeds"])
    count = f"{seeds} seed{'s: median, and range' if seeds > 1 else ''}"
    for labels, words in LABELS.items():
        splits = results.get(labels)
        if not splits:
            continue
        for metric, title in SHOWN.items():
            if any(scores[metric]["median"] is not None for models in splits.values() for scores in models.values()):
                yield _scores(f"{title} on unseen media, {words} ({count}); {NOTE}", splits, metric, seeds > 1)
        yield _laws(f"worst of all splits and seeds, {words}", splits)


def first_models(models: Mapping[str, Any], metric: str) -> tuple[str, ...]:
    """Name the learned model with the highest median, and all whose range reaches it: ties within the spread."""
    known = {name: s[metric] for name, s in models.items() if name not in UNLEARNED and s[metric]["median"] is not None}
    if not known:
        return ()
    best = max(known, key=lambda name: known[name]["median"])
    return tuple(name for name, score in known.items() if name == best or score["max"] >= known[best]["median"])


def _held_out(settings: Mapping[str, Any]) -> ResultTable:
    rows = tuple(
        (
            name,
            "; ".join(split["held_out"]),
            _numbers(split["train_media"]),
            _numbers(split["test_media"]),
        )
        for name, split in settings["splits"].items()
    )
    return ResultTable("what no training medium has", ("split", "held out", "train", "test"), rows)


def _numbers(values: list[int]) -> str:
    low, high = min(values), max(values)
    return f"{low}" if low == high else f"{low} – {high}"


def _scores(title: str, splits: Mapping[str, Any], metric: str, ranges: bool) -> ResultTable:
    first = {split: first_models(models, metric) for split, models in splits.items()}
    rows = []
    for model in next(iter(splits.values())):
        cells = {split: models[model][metric] for split, models in splits.items()}
        if all(cell["median"] is None for cell in cells.values()):
            continue
        rows.append((model, *(_cell(c["median"]) + " *" * (model in first[s]) for s, c in cells.items())))
        if ranges:
            rows.append(("", *("" if c["min"] is None else f"{c['min']:.3f} – {c['max']:.3f}" for c in cells.values())))
    return ResultTable(f"{title}; * first of the learned, within the spread", ("model", *splits), tuple(rows))


def _cell(value: float | None) -> str:
    return "–" if value is None else f"{value:.4f}"


def _laws(title: str, splits: Mapping[str, Any]) -> ResultTable:
    rows = []
    for model in next(iter(splits.values())):
        cells = []
        for metric in LAWS:
            worst = [models[model][metric]["max"] for models in splits.values()]
            cells.append("–" if None in worst else f"{max(worst):.2g}")
        if set(cells) != {"–"}:
            rows.append((model, *cells))
    return ResultTable(title, ("model", *LAWS.values()), tuple(rows))
