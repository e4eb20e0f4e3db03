"""Print the results of the paper's experiments: tables for the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from metagnn.studies.harness.result_table import ResultTable

FLUX_COLUMNS = {
    "growth_r2": ("growth R²", "{:.4f}"),
    "median_flux_r2": ("median flux R²", "{:.4f}"),
    "q10_flux_r2": ("10 % flux R²", "{:.3f}"),
    "max_abs_sv": ("max |S·v|", "{:.1e}"),
    "mean_sv2": ("mean (S·v)²", "{:.1e}"),
    "max_bound_violation": ("worst violation", "{:.2g}"),
    "train_seconds": ("training [s]", "{:.1f}"),
}

FLUX_TABLES = {
    "internal_fluxes.labelled": "internal fluxes, 100 training media, 500 unseen media of the same ranges",
    "unseen_media": "extrapolation: trained on glucose uptake below 3, tested above [mmol/gDW/h]",
    "internal_fluxes.unlabelled": "internal fluxes without labels: 100 noisy samples of rates and growth, CO2 hidden",
}

CO2_TABLES = {
    "known": "hidden CO2, composition known, all other exchanges measured",
    "known_without_h2o_h_pi": "hidden CO2, composition known, H2O, H+ and Pi unmeasured too",
    "unknown_composition": "hidden CO2, composition unknown, O2 measured",
}


def result_tables(results: Mapping[str, Any]) -> Iterator[ResultTable]:
    """Make every table of `results.json`, in the order of the experiments."""
    for path, title in FLUX_TABLES.items():
        if scores := _at(results, path):
            yield _flux_table(title, scores, len(results["settings"]["experiments"][_experiment(path)]["seeds"]))
    for key, title in CO2_TABLES.items():
        if scores := _at(results, f"hidden_co2.{key}"):
            seeds = len(results["settings"]["experiments"][f"hidden_co2.{key}"]["seeds"])
            yield _co2_table(f"{title} (relative error, test samples; median of {_count(seeds)})", scores)
    for content, unit in (("alpha", "mmol C/gDW"), ("beta", "mmol N/gDW")):
        if scores := _at(results, f"composition.{content}"):
            yield _composition_table(f"{content} [{unit}], truth {scores['true']:.4f}", scores)
    if scores := _at(results, "less_data"):
        seeds = len(results["settings"]["experiments"]["less_data"]["seeds"])
        yield _less_data_table(f"error of growth [1/h] on noise-free media by noisy samples, {_count(seeds)}", scores)


def _experiment(path: str) -> str:
    return "hidden_co2.known" if path == "internal_fluxes.unlabelled" else path


def _at(tree: Mapping[str, Any], path: str) -> Mapping[str, Any] | None:
    for part in path.split("."):
        if part not in tree:
            return None
        tree = tree[part]
    return tree


def _count(seeds: int) -> str:
    return f"{seeds} seed{'s' if seeds > 1 else ''}"


def _flux_table(title: str, models: Mapping[str, Any], seeds: int) -> ResultTable:
    """Print the median of every score, and below it the range over the seeds."""
    rows = []
    for name, scores in models.items():
        rows.append((name, *(form.format(scores[key]["median"]) for key, (_, form) in FLUX_COLUMNS.items())))
        if seeds > 1:
            ranges = (
                f"{form.format(scores[key]['min'])} – {form.format(scores[key]['max'])}"
                for key, (_, form) in FLUX_COLUMNS.items()
            )
            rows.append(("", *ranges))
    plural = ": median, and range" if seeds > 1 else ""
    header = ("model", *(heading for heading, _ in FLUX_COLUMNS.values()))
    return ResultTable(f"{title} ({_count(seeds)}{plural})", header, tuple(rows))


def _co2_table(title: str, models: Mapping[str, Any]) -> ResultTable:
    rival = models["reconciliation"]["median_relative_error"]
    rows = tuple(
        (
            name,
            f"{scores['median_relative_error']:.2%}",
            f"{scores['median_relative_error_min']:.2%} – {scores['median_relative_error_max']:.2%}",
            f"{scores['mean_relative_error']:.2%}",
            f"{scores['p90_relative_error']:.2%}",
            f"{scores['median_relative_error'] / rival:.2f}",
            f"{scores['steps']}" if scores.get("steps") else "–",
        )
        for name, scores in models.items()
    )
    header = ("model", "median", "range over seeds", "mean", "90 % quantile", "median / reconciliation", "steps")
    return ResultTable(title, header, rows)


def _composition_table(title: str, models: Mapping[str, Any]) -> ResultTable:
    rows = []
    for name, scores in models.items():
        if name in ("true", "ratio_to_wls"):
            continue
        moved = scores.get("largest_change_with_start")
        rows.append(
            (
                name,
                f"{scores['median_relative_error']:.2%}",
                f"{scores['p95_relative_error']:.2%}",
                "–" if moved is None else f"{scores['median_change_with_start']:.2%} / {moved:.2%}",
                f"{scores['covered_90']:.0%}" if "covered_90" in scores else "–",
                f"{scores['steps']}" if "steps" in scores else "–",
            )
        )
    header = ("model", "median error", "95 % quantile", "other start moves, median / most", "90 % covers", "steps")
    ratio = models.get("ratio_to_wls")
    count = len(next(s["estimates"] for s in models.values() if isinstance(s, dict) and "estimates" in s))
    note = "" if ratio is None else f"; flux_gnn / wls {ratio['median']:.2f} ({ratio['low']:.2f}–{ratio['high']:.2f})"
    return ResultTable(f"{title}; {count} repetitions{note}", header, tuple(rows))


def _less_data_table(title: str, models: Mapping[str, Any]) -> ResultTable:
    first = next(iter(next(iter(models.values())).values()))
    rows = tuple(
        (
            f"{model}, {constraint.replace('_', ' ')}",
            *(f"{s['median']:.4f} ({s['min']:.4f}–{s['max']:.4f})" for s in scores.values()),
        )
        for model, constraints in models.items()
        for constraint, scores in constraints.items()
    )
    return ResultTable(title, ("model", *(f"{size} samples" for size in first)), rows)
