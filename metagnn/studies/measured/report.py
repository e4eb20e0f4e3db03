"""Tables of the results: one for every set and split, and one of errors group by group."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from metagnn.studies.harness.result_table import ResultTable
from metagnn.studies.measured.flux_scores import GROUPS_WON, OF_GROUP

TITLES = {
    "normalised_error": "NE",
    GROUPS_WON: "groups won",
    "uniform_q2": "Q²",
    "final_r2": "R² final log OD",
    "rate_r2": "R² largest rate",
    "lag_r2": "R² lag",
    "curve_r2": "R² curves",
    "curves_above": "curves > .9",
    "pooled_r2": "R² pooled",
    "growth_error": "growth error",
    "hidden_error": "CO2 error",
    "worst_hidden_error": "worst CO2 error",
    "alpha": "alpha [mmol/gDW]",
    "measured_error": "NE as measured",
    "train_error": "NE in training",
    "simple_error": "of its estimate",
    "coverage": "coverage",
    "growth_coverage": "of growth",
    "hidden_coverage": "of CO2",
    "all_coverage": "of all fluxes",
    "half_width": "half width",
    "max_abs_sv": "max |S·v|",
    "max_bound_violation": "violation",
}
"""Titles of the metrics, in the order of the columns."""

SHARES = ("curves_above", "coverage", "growth_coverage", "hidden_coverage", "all_coverage")
TINY = ("max_abs_sv", "max_bound_violation")

MAIN = ("normalised_error", "curve_r2", "pooled_r2", "hidden_error")
"""What a split is judged by: the first of these that was measured; shown with its range."""


def measured_tables(results: Mapping[str, Any]) -> Iterator[ResultTable]:
    """Make all tables of `measured.json`; a column that no contestant has is left out."""
    seeds = len(results["settings"]["seeds"])
    note = f"median over {seeds} seeds, first with its range" if seeds > 1 else "one seed"
    for name, splits in results["sets"].items():
        for split, models in splits.items():
            yield _scores(f"{name}, {split} ({note})", models)
            if any(metric.startswith(OF_GROUP) for scores in models.values() for metric in scores):
                yield _groups(f"{name}, {split}: NE of every group (median over the seeds)", models)


def main_metric(models: Mapping[str, Mapping[str, Any]]) -> str:
    """Return what a split is judged by."""
    return next(metric for metric in MAIN if any(_known(scores, metric) for scores in models.values()))


def _scores(title: str, models: Mapping[str, Mapping[str, Any]]) -> ResultTable:
    main = main_metric(models)
    metrics = [name for name in TITLES if any(_known(scores, name) for scores in models.values())]
    metrics.remove(main)
    rows = []
    for model, scores in models.items():
        if not any(_known(scores, name) for name in (main, *metrics)):
            continue
        cells = (_cell(name, scores.get(name, {}).get("median")) for name in metrics)
        rows.append((model, _with_range(main, scores.get(main, {})), *cells))
    return ResultTable(title, ("model", TITLES[main], *(TITLES[name] for name in metrics)), tuple(rows))


def _groups(title: str, models: Mapping[str, Mapping[str, Any]]) -> ResultTable:
    metrics = [name for name in next(iter(models.values())) if name.startswith(OF_GROUP)]
    rows = ((model, *(_cell(name, scores[name]["median"]) for name in metrics)) for model, scores in models.items())
    return ResultTable(title, ("model", *(name.removeprefix(OF_GROUP) for name in metrics)), tuple(rows))


def _known(scores: Mapping[str, Any], metric: str) -> bool:
    return scores.get(metric, {}).get("median") is not None


def _with_range(metric: str, score: Mapping[str, float | None]) -> str:
    median, low, high = (score.get(key) for key in ("median", "min", "max"))
    shown = _cell(metric, median)
    return shown if low == high else f"{shown} ({_cell(metric, low)} – {_cell(metric, high)})"


def _cell(metric: str, value: float | None) -> str:
    if value is None:
        return "–"
    if metric in SHARES:
        return f"{value:.1%}"
    if metric in TINY:
        return f"{value:.1g}"
    return f"{value:.0f}" if metric == GROUPS_WON else f"{value:.2f}" if abs(value) >= 10 else f"{value:.3f}"
