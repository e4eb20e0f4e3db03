"""The tables and the JSON report of a reconciliation, accumulated chunk by chunk."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd

from metagnn.analysis.reconciliation.chunk_summary import ChunkSummary
from metagnn.analysis.reconciliation.closures import BALANCES
from metagnn.analysis.reconciliation.intervals import DETERMINED
from metagnn.analysis.reconciliation.rate_checks import WORDS
from metagnn.analysis.reconciliation.reconciler import Reconciler
from metagnn.analysis.reconciliation.reconciliation import GROSS, Reconciliation
from metagnn.analysis.reconciliation.unknown_flows import why_undetermined
from metagnn.datasets.rates import RateColumn
from metagnn.errors import NetworkError
from metagnn.network.metabolic_network import MetabolicNetwork

MOST_SAMPLES = 1000
"""Largest number of samples that the report lists one by one; `samples.csv` holds all."""

MOST_NOTES = 50
"""Largest number of warnings; every chunk of a long file may have its own."""


def reconciled_table(reconciliation: Reconciliation) -> pd.DataFrame:
    """Every flux of every sample: `sample, status`, then the reactions [mmol/gDW/h]."""
    table = reconciliation.fluxes.reset_index(drop=True)
    table.insert(0, "sample", list(reconciliation.samples))
    table.insert(1, "status", list(reconciliation.status))
    return table


def intervals_table(reconciliation: Reconciliation) -> pd.DataFrame:
    """One row a sample and flux: `sample, reaction, name, value, low90, high90, range_min, range_max, status`."""
    return reconciliation.interval_table.rename(columns={"low": "low90", "high": "high90"})


def samples_table(reconciliation: Reconciliation, measured: Sequence[str]) -> pd.DataFrame:
    """One row a sample: closures before and after, χ², the suspect, and every standardised residual.

    Args:
        reconciliation: The samples.
        measured: Reactions to give residuals of, whatever these samples hold, so that all chunks of a file have the
            same columns.
    """
    table = reconciliation.status.to_frame()
    for balance in BALANCES:
        table[f"closure_{balance}_before"] = reconciliation.closures_before[balance]
        table[f"closure_{balance}_after"] = reconciliation.closures_after[balance]
    residuals = reconciliation.residuals
    shown = residuals[[name for name in residuals.columns if name in measured]].add_prefix("residual_")
    return pd.concat([table, reconciliation.suspects, shown], axis=1).reset_index()


class ReportTotals:
    """Accumulate the content of `report.json` over chunks.

    Args:
        reconciler: The fitted reconciler.
        columns: How every column of the file was read.
    """

    def __init__(self, reconciler: Reconciler, columns: Sequence[RateColumn]) -> None:
        self._reconciler, self._columns = reconciler, columns
        self._counts: dict[str, Counter[str]] = {"status": Counter(), "suspects": Counter(), "notes": Counter()}
        self._samples: list[dict[str, Any]] = []
        self._changes: list[dict[str, Any]] = []
        self._hidden: dict[str, list[np.ndarray]] = {name: [] for name in reconciler.hide}
        self._closures: list[np.ndarray] = []
        self._p_values: list[np.ndarray] = []

    def add(self, reconciliation: Reconciliation) -> ChunkSummary:
        """Add a chunk and return its summary."""
        head = samples_table(reconciliation, self._reconciler.measured)[: max(MOST_SAMPLES - len(self._samples), 0)]
        listed = [_clean(row) for row in head.to_dict("records")]
        summary = ChunkSummary.from_reconciliation(reconciliation, listed, MOST_SAMPLES - len(self._changes))
        self.add_summary(summary)
        return summary

    def add_summary(self, summary: ChunkSummary) -> None:
        """Add a chunk by its summary."""
        for what, counts in summary.counts.items():
            self._counts.setdefault(what, Counter()).update(counts)
        self._samples += summary.samples
        self._changes += summary.changes
        self._closures.append(summary.closures)
        self._p_values.append(summary.p_values)
        for name, parts in summary.hidden.items():
            self._hidden[name].append(parts)

    def document(self) -> dict[str, Any]:
        """The report; NaN and infinity become null."""
        reconciler = self._reconciler
        fitted, closures = reconciler.fitted, np.concatenate(self._closures)
        p_values = np.concatenate(self._p_values)
        known = p_values[~np.isnan(p_values)]
        status, suspects = self._counts["status"], self._counts["suspects"]
        kinds = {
            what.removeprefix("intervals of "): dict(counts)
            for what, counts in self._counts.items()
            if what.startswith("intervals of ")
        }
        document: dict[str, Any] = _clean(
            {
                "network": reconciler.network.id,
                "samples": sum(status.values()),
                "status": dict(status),
                "composition": fitted.composition.to_document()
                | {
                    "kind": reconciler.options.composition,
                    "degree_of_reduction": fitted.gamma,
                    "degree_of_reduction_interval": list(fitted.gamma_interval),
                    "rows": fitted.rows,
                },
                "noise_factor": float(np.sqrt(fitted.spread)),
                "energy": reconciler.options.energy,
                "growth_atp_released": reconciler.released,
                "columns": [vars(column) for column in self._columns],
                "absent": list(reconciler.absent),
                "closures": {
                    balance: {
                        "before_median": _median(closures[:, 0, position]),
                        "after_median": _median(closures[:, 1, position]),
                    }
                    for position, balance in enumerate(BALANCES)
                },
                "closures_not_available": closure_gaps(reconciler.network, closures[:, 0]),
                "p_value": {"median": _median(known), "below_0.01": int((known < GROSS).sum()), "samples": len(known)},
                "gross_errors": dict(suspects.most_common()),
                "warnings": list(self._counts["notes"])[:MOST_NOTES],
                "unit_suspects": [vars(suspect) for suspect in reconciler.checks.suspects],
                "missing_streams": [asdict(stream) for stream in reconciler.checks.missing],
                "cannot_be_met": self._changes,
                "intervals": kinds,
                "hidden": {name: self._score(name, parts, kinds) for name, parts in self._hidden.items() if parts},
                "names": {name: reconciler.names[name] for name in self._named(kinds) if reconciler.names[name]},
                "by_sample": self._samples,
            }
        )
        return document

    def _score(self, name: str, parts: Sequence[np.ndarray], kinds: dict[str, dict[str, int]]) -> dict[str, Any]:
        """The scores of a withheld rate, and why it is not determined where it is not."""
        scores = hidden_scores(parts)
        if scores["undetermined"]:
            unknown = [other for other, counts in kinds.items() if set(counts) != {DETERMINED}]
            reconciler = self._reconciler
            scores["why_undetermined"] = why_undetermined(reconciler.network, name, unknown, reconciler.fitted)
        return scores

    def _named(self, intervals: Iterable[str]) -> list[str]:
        """Reactions that the report mentions."""
        return list(dict.fromkeys((*intervals, *self._reconciler.absent, *self._reconciler.measured)))


def closure_gaps(network: MetabolicNetwork, found: np.ndarray) -> dict[str, str]:
    """Why a closure cannot be had, by balance.

    Args:
        network: The network.
        found: Closures of the raw rates, shape `[samples, balances]`.
    """
    gaps: dict[str, str] = {}
    if not any(metabolite.complete for metabolite in network.metabolite_table):
        return dict.fromkeys(BALANCES, f"no metabolite of {network.id} has a formula")
    for position in np.flatnonzero(np.isnan(found).all(axis=0)):
        balance = BALANCES[position]
        try:
            network.element_balance(balance)
        except NetworkError as error:
            gaps[balance] = str(error)
        else:
            gaps[balance] = f"no measured rate brings {WORDS[balance]} in"
    return gaps


def hidden_scores(parts: Sequence[np.ndarray]) -> dict[str, Any]:
    """Score the prediction of a withheld rate; intervals count where the data determine it, not ranges elsewhere.

    Args:
        parts: Columns of the observed rate, its prediction, and the ends of the 90 % interval [mmol/gDW/h].
    """
    observed, value, low, high = np.concatenate(parts).T
    measured = ~np.isnan(observed)
    known = measured & ~np.isnan(value) & (observed != 0)
    relative = np.abs(value[known] / observed[known] - 1.0)
    inside = measured & ~np.isnan(value) & (low <= observed) & (observed <= high)
    half = (high[known] - low[known]) / 2 / np.abs(value[known])
    return {
        "samples": int(measured.sum()),
        "undetermined": int((measured & np.isnan(value)).sum()),
        "mean_relative_error": float(relative.mean()) if known.any() else None,
        "median_relative_error": _median(relative),
        "worst_relative_error": float(relative.max()) if known.any() else None,
        "determined": int((measured & ~np.isnan(value)).sum()),
        "covered_90": int(inside.sum()),
        "median_half_width_90": _median(half),
    }


def _median(values: np.ndarray) -> float | None:
    known = values[~np.isnan(values)]
    return float(np.median(known)) if known.size else None


def _clean(value: Any) -> Any:
    """The value for JSON; NaN and infinity become None."""
    if isinstance(value, dict):
        return {str(key): _clean(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_clean(part) for part in value]
    if isinstance(value, (float, np.floating)):
        return float(value) if np.isfinite(value) else None
    return value.item() if isinstance(value, np.generic) else value
