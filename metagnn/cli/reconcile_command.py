"""`metagnn reconcile`: call the library and print."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from metagnn.cli.console import print_table, progress_bar
from metagnn.cli.model_argument import network_of
from metagnn.cli.pictures import check_plot, picture_of_reconciliation
from metagnn.errors import printable
from metagnn.fba.growth_capacity import require_growth
from metagnn.files.output import check_output

if TYPE_CHECKING:
    from metagnn.analysis.reconciliation import Reconciliation
    from metagnn.datasets.rates import RateColumn
    from metagnn.network.metabolic_network import MetabolicNetwork

PICTURE = "reconciled.png"
MOST_SHOWN = 12


def reconcile(chosen: argparse.Namespace) -> None:
    """Print how columns were read, reconcile all samples, and print the results."""
    from metagnn.analysis.reconciliation import CellContents, ReconcileOptions
    from metagnn.analysis.reconciliation.folder import open_rates, reconcile_to_folder
    from metagnn.datasets.rates import read_unit_map

    options = ReconcileOptions(
        composition=chosen.composition,
        gamma=chosen.gamma,
        gamma_std=chosen.gamma_std,
        contents=CellContents((chosen.alpha[0], chosen.alpha[1]), (chosen.beta[0], chosen.beta[1])),
        hide=tuple(chosen.hide or ()),
        present=tuple(chosen.present or ()),
        energy=chosen.energy,
        all_intervals=chosen.all_intervals,
    )
    network = network_of(chosen)
    require_growth(network)
    units = read_unit_map(chosen.units) if chosen.units else None
    out = check_output(chosen.out, chosen.force, chosen.resume, folder=True)
    plot = check_plot(chosen.plot, chosen.force or chosen.resume)
    rates = open_rates(network, chosen.file, units, chosen.noise)
    _print_understood(network, rates.columns)
    _print_closures(network, rates.first)

    def draw(found: Reconciliation, place: Path) -> None:
        picture_of_reconciliation(network, found, place / PICTURE)

    with progress_bar("samples") as progress:
        report, _, first = reconcile_to_folder(
            network, rates, out, options, chosen.force, chosen.resume, progress, draw
        )
    _print_report(report)
    if plot is not None:
        picture_of_reconciliation(network, first, plot)
    drawn = f", {PICTURE}" if (out / PICTURE).is_file() else ""
    print(f"{out}/reconciled.csv, intervals.csv, samples.csv, report.json{drawn}")


def _print_understood(network: MetabolicNetwork, columns: Sequence[RateColumn]) -> None:
    header = ("column", "measures", "as", "unit", "conversion", "deviation")
    rows = [(c.column, c.reaction or "–", c.meaning, c.unit, c.conversion, c.deviation) for c in columns]
    print_table(f"columns as read, for {network.id}", header, rows)


def _print_closures(network: MetabolicNetwork, rates: Any) -> None:
    """Print the closures of the raw data."""
    from metagnn.analysis.reconciliation.closures import BALANCES, closures
    from metagnn.analysis.reconciliation.rate_checks import WORDS
    from metagnn.analysis.reconciliation.report import closure_gaps

    found = closures(network, rates.on_network(network)[0])
    rows = []
    for position, balance in enumerate(BALANCES):
        known = found[np.isfinite(found[:, position]), position]
        if known.size:
            low, middle, high = (f"{100 * np.quantile(known, q):.1f} %" for q in (0, 0.5, 1))
            rows.append((balance, low, middle, high))
    if rows:
        title = f"raw data: outflow / inflow of measured rates, with the biomass of {network.id}"
        print_table(title, ("balance", "least", "median", "most"), rows)
    reasons: dict[str, list[str]] = {}
    for balance, reason in closure_gaps(network, found).items():
        reasons.setdefault(reason, []).append(WORDS[balance])
    for reason, balances in reasons.items():
        print(f"closure of {' and '.join(balances)} is not available: {reason}")


def _print_report(report: dict[str, Any]) -> None:
    for note in report["warnings"]:
        print(f"warning: {printable(note)}")
    names = report["names"]

    def named(reaction: str) -> str:
        return f"{names[reaction]} ({reaction})" if names.get(reaction) else reaction

    composition = report["composition"]
    rows = [
        ("samples", f"{report['samples']}: " + ", ".join(f"{n} {s}" for s, n in report["status"].items())),
        ("alpha [mmol C/gDW]", _with_interval(composition["alpha"], composition["alpha_interval"])),
        ("beta [mmol N/gDW]", _with_interval(composition["beta"], composition["beta_interval"])),
        (
            "electrons per carbon",
            _with_interval(composition["degree_of_reduction"], composition["degree_of_reduction_interval"]),
        ),
        ("assumed absent", _some([named(name) for name in report["absent"]])),
    ]
    if redundant := report["p_value"]["samples"]:
        rows.append(("χ²: samples with p < .01", f"{report['p_value']['below_0.01']} of {redundant} redundant samples"))
        scatter = f"{report['noise_factor']:.2f} × their deviations; intervals are widened by it"
        rows.append(("scatter of rows", scatter))
    else:
        rows.append(("χ²", "no measurement is redundant: nothing checks these rates"))
    if report["growth_atp_released"]:
        what = f"lowered by {report['growth_atp_released']:.3g} mmol/gDW, for maintenance not to be negative"
        rows.append(("ATP that growth demands", what))
    for name, count in list(report["gross_errors"].items())[:MOST_SHOWN]:
        rows.append(("gross error", f"{named(name)} in {count} samples"))
    for change in report["cannot_be_met"][:MOST_SHOWN]:
        rows.append(
            (
                f"sample {change['sample']} cannot be met",
                f"{named(change['reaction'])} is {change['measured']:.4g}; nearest feasible: {change['nearest']:.4g}",
            )
        )
    for sample in [row for row in report["by_sample"] if str(row.get("suspect_note")).endswith("sign?")][:MOST_SHOWN]:
        rows.append((f"sample {sample['sample']}", sample["suspect_note"]))
    open_ones = [name for name, kinds in report["intervals"].items() if set(kinds) != {"determined"}]
    rows.append(("not determined", _some([named(name) for name in open_ones])))
    print_table("reconciled", ("what", "value"), rows)
    for name, scores in report["hidden"].items():
        _print_hidden(name, names.get(name, ""), scores)


def _print_hidden(reaction: str, name: str, scores: dict[str, Any]) -> None:
    rows = [("samples", str(scores["samples"])), ("not determined", str(scores["undetermined"]))]
    if "why_undetermined" in scores:
        rows.append(("because", scores["why_undetermined"]))
    for key in ("mean_relative_error", "median_relative_error", "worst_relative_error", "median_half_width_90"):
        if scores[key] is not None:
            rows.append((key.replace("_", " "), f"{100 * scores[key]:.1f} %"))
    if scores["determined"]:
        covered = f"{scores['covered_90']} of {scores['determined']}"
        rows.append(("90 % intervals that contain the measurement", covered))
    print_table(f"{reaction}: withheld and predicted" + (f" ({name})" if name else ""), ("what", "value"), rows)


def _with_interval(value: float | None, interval: Sequence[float | None] | None) -> str:
    if value is None:
        return "not determined by these data"
    if not interval or interval[0] is None or interval[0] == interval[1]:
        return f"{value:.2f}"
    return f"{value:.2f} (90 %: {interval[0]:.2f} to {interval[1]:.2f})"


def _some(names: Sequence[str]) -> str:
    if not names:
        return "none"
    return ", ".join(names[:MOST_SHOWN]) + (f" and {len(names) - MOST_SHOWN} more" if len(names) > MOST_SHOWN else "")
