"""The result of a reconciliation: named tables, one row a sample."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from metagnn.analysis.reconciliation.composition_fit import FittedComposition
from metagnn.analysis.reconciliation.gross_errors import GrossErrors
from metagnn.analysis.reconciliation.intervals import FluxIntervals
from metagnn.analysis.reconciliation.smallest_change import NeededChange

GROSS = 0.01
"""Probability below which a measurement is reported as a gross error."""


@dataclass(frozen=True, eq=False, repr=False)
class Reconciliation:
    """Reconciled samples. Tables have one row a sample, indexed by its name; fluxes in mmol/gDW/h, growth in 1/h.

    Attributes:
        measured: Measured fluxes without the hidden ones, NaN where there is none; every reaction is a column.
        deviations: Their standard deviations, the same shape.
        hidden: Rates that were measured but withheld, one column each.
        fluxes: Nearest feasible fluxes, every reaction a column; NaN unless the status is "optimal".
        status: "optimal", "infeasible", or "failed: " and the reason.
        closures_before: What leaves over what enters in carbon, nitrogen and electrons, with the raw rates and the
            network's own biomass.
        closures_after: The same with the reconciled fluxes and the fitted biomass.
        errors: Standardised residuals, χ² and suspects, as arrays; see also `residuals` and `suspects`.
        intervals: Intervals of exchanges and growth, or of all fluxes, as arrays; see also `interval_table`.
        changes: Measurements that no flux can meet, with the smallest change that would suffice.
        fitted: The composition of biomass that all samples share.
        notes: What looks wrong with the rates that the composition was fitted to, in sentences.
        names: Name of what every reaction carries across the boundary, by reaction.
    """

    measured: pd.DataFrame
    deviations: pd.DataFrame
    hidden: pd.DataFrame
    fluxes: pd.DataFrame
    status: pd.Series
    closures_before: pd.DataFrame
    closures_after: pd.DataFrame
    errors: GrossErrors
    intervals: FluxIntervals
    changes: tuple[NeededChange, ...]
    fitted: FittedComposition
    notes: tuple[str, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict)

    @property
    def samples(self) -> tuple[str, ...]:
        """Names of the samples."""
        return tuple(self.fluxes.index)

    @property
    def closures(self) -> pd.DataFrame:
        """Closures before and after, with two levels of columns: stage and balance."""
        return pd.concat({"before": self.closures_before, "after": self.closures_after}, axis=1)

    @property
    def interval_table(self) -> pd.DataFrame:
        """One row a sample and flux: `sample, reaction, name, value, low, high, range_min, range_max, status`."""
        table = self.intervals.to_frame(self.samples)
        table.insert(2, "name", table["reaction"].map(self.names).fillna(""))
        return table

    @property
    def residuals(self) -> pd.DataFrame:
        """Standardised residual of every boundary flux; NaN where nothing checks a measurement."""
        return pd.DataFrame(self.errors.residuals, self.fluxes.index, list(self.errors.reactions))

    @property
    def suspects(self) -> pd.DataFrame:
        """Fit of every sample: `chi_squared, degrees_of_freedom, p_value, suspect, suspect_name, suspect_p`.

        The suspect is empty where nothing is wrong.
        """
        errors = self.errors
        suspects = [
            name if p < GROSS else "" for name, p in zip(errors.suspect, errors.suspect_p.tolist(), strict=True)
        ]
        return pd.DataFrame(
            {
                "chi_squared": errors.chi_squared,
                "degrees_of_freedom": errors.freedom,
                "p_value": errors.p_value,
                "suspect": suspects,
                "suspect_name": [self.names.get(name, "") for name in suspects],
                "suspect_p": errors.suspect_p,
                "suspect_note": [errors.note(row) if p < GROSS else "" for row, p in enumerate(errors.suspect_p)],
            },
            self.fluxes.index,
        )

    @property
    def composition(self) -> pd.DataFrame:
        """Value and 90 % interval of alpha and beta [mmol/gDW] and of the degree of reduction [electrons/carbon]."""
        return self.fitted.table

    @property
    def summary(self) -> pd.Series:
        """The result in a few lines of text."""
        states = Counter(self.status)
        gross = Counter(np.array(self.errors.suspect)[self.errors.suspect_p < GROSS].tolist())
        lines = {
            "samples": f"{len(self.status)} ({', '.join(f'{count} {name}' for name, count in states.items())})",
            "withheld": ", ".join(self.hidden.columns) or "none",
            "gross errors": ", ".join(f"{count} × {name}" for name, count in gross.most_common(5)) or "none",
            "cannot be met": f"{len({change.sample for change in self.changes})} samples",
        }
        for name, row in self.composition.iterrows():
            known = np.isfinite(row["value"])
            lines[str(name)] = (
                f"{row['value']:.2f} ({row['low']:.2f} to {row['high']:.2f})" if known else "not determined"
            )
        lines |= {f"warning {number}": note for number, note in enumerate(self.notes, 1)}
        return pd.Series(lines, name="reconciliation")

    def __repr__(self) -> str:
        optimal = int((self.status == "optimal").sum())
        return f"Reconciliation({len(self.status)} samples, {optimal} optimal, {self.fitted.composition!r})"

    def _repr_html_(self) -> str:
        return str(self.summary.to_frame().to_html())
