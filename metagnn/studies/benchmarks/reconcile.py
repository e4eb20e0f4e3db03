"""Reconcile noisy rates whose truth is known: hidden CO2, its intervals, and rates in gross error."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import scipy.stats

from metagnn.analysis.reconciliation import ReconcileOptions, reconcile
from metagnn.datasets.rates import RateTable
from metagnn.datasets.rates.rate_table import assumed_deviations
from metagnn.network.metabolic_network import MetabolicNetwork
from metagnn.nn.co2 import CO2Readout
from metagnn.studies.harness.experiment import AbstractExperiment, Repetitions, Run, Scores
from metagnn.studies.harness.measured_rates import (
    CO2,
    MODEL,
    SELDOM_MEASURED,
    MeasuredRates,
    as_fluxes,
    draw_rates,
    tensor,
)
from metagnn.studies.harness.result_table import ResultTable
from metagnn.studies.harness.runs import Progress
from metagnn.studies.harness.samples import SampleStore
from metagnn.studies.harness.scores import spread
from metagnn.studies.harness.study import StudyOptions, run_study
from metagnn.studies.rivals.rate_rivals import co2_from_carbon_and_electrons

REPETITIONS = Repetitions(1, 3, 3)

TOLD = 0.01
"""p-value below which a likelihood-ratio test that is told the place has found the error."""

CASES: dict[str, tuple[tuple[str, ...], str, str]] = {
    "all other exchanges measured": ((CO2,), "fixed", "free"),
    "the same, demand for ATP kept": ((CO2,), "fixed", "keep"),
    "without H2O, H+, Pi": ((CO2, *SELDOM_MEASURED), "fixed", "free"),
    "without them, demand for ATP kept": ((CO2, *SELDOM_MEASURED), "fixed", "keep"),
    "all others, composition fitted": ((CO2,), "elemental", "free"),
}
"""By case: what was not measured, where the composition of biomass comes from, and whether ATP demand binds."""


ALONE, CLOSED_FORM, DOUBLED = "carbon balance alone", "carbon and electron balance alone", "one rate doubled"


@dataclass(frozen=True)
class Reconciliation(AbstractExperiment):
    """Reconcile rates with 5 % noise on e_coli_core: find hidden CO2, and name one rate that is doubled.

    Attributes:
        samples: Number of samples in a draw.
        cases: Names of the `CASES` to run.
        name: Start of the names of its runs' files.
        repetitions: Number of draws of media and noise.
    """

    samples: int = 1000
    cases: tuple[str, ...] = tuple(CASES)
    name: str = "reconcile"
    repetitions: Repetitions = REPETITIONS

    def contestants(self, size: str) -> tuple[str, ...]:
        """Every case, beside the closed forms of CO2; and the doubled rate."""
        return (ALONE, CLOSED_FORM, *self.cases, DOUBLED)

    def quick(self) -> Reconciliation:
        """Draw few samples."""
        return replace(self, samples=60)

    def settings(self) -> dict[str, Any]:
        """Samples and cases."""
        return {"model": MODEL, "samples": self.samples, "cases": list(self.cases)}

    def data(self, store: SampleStore, seed: int) -> tuple[MetabolicNetwork, MeasuredRates]:
        """Draw noisy rates of the seed."""
        return store.network(MODEL), draw_rates(store, self.samples, seed)

    def run(self, contestant: str, data: tuple[MetabolicNetwork, MeasuredRates], seed: int) -> Run:
        """Reconcile, and score against the truth, as fractions."""
        if contestant == DOUBLED:
            return Run(_doubled(*data, seed))
        if contestant in (ALONE, CLOSED_FORM):
            return Run(_closed_form(*data, contestant))
        return Run(_hidden_co2(*data, contestant))

    def results(self, runs: Mapping[str, Sequence[Scores]]) -> dict[str, Any]:
        """Median and range of every metric over the draws, by case."""
        return {self.name: {case: spread(scores) for case, scores in runs.items()}}


def study_reconciliation(
    folder: Path, options: StudyOptions, progress: Progress, experiment: Reconciliation | None = None
) -> list[ResultTable]:
    """Run the reconciliation of rates whose truth is known, and write `reconcile.json`."""
    experiment = experiment or Reconciliation()

    def rows_of(results: dict[str, Any]) -> list[dict[str, Any]]:
        return [
            {"case": case, "metric": metric, "median": found["median"], "least": found["min"], "most": found["max"]}
            for case, metrics in results[experiment.name].items()
            for metric, found in metrics.items()
        ]

    def write(results: dict[str, Any], place: Path) -> None:
        (place / "reconcile.json").write_bytes(json.dumps(rows_of(results), indent=2).encode())

    rows = rows_of(run_study(folder, [experiment], options, progress, write))
    cells = (
        (row["case"], row["metric"], *(f"{100 * row[key]:.1f} %" for key in ("median", "least", "most")))
        for row in rows
    )
    title = "reconciliation of rates with 5 % noise, e_coli_core"
    return [ResultTable(title, ("case", "what", "median", "least", "most"), tuple(cells))]


def rate_table(network: MetabolicNetwork, data: MeasuredRates, hidden: Sequence[str] = ()) -> RateTable:
    """Make the table that a file of noisy rates and growth would give, with deviations of 5 %."""
    names = tuple(name for name in network.exchanges if name not in hidden)
    rates = np.column_stack([data.rates[list(names)].to_numpy(), data.growth.to_numpy()])
    deviations = assumed_deviations(rates)
    deviations[:, -1] = assumed_deviations(rates[:, -1], growth=True)
    samples = tuple(str(row) for row in range(len(rates)))
    return RateTable(samples, (*names, network.growth_reaction), rates, deviations)


def _closed_form(network: MetabolicNetwork, data: MeasuredRates, case: str) -> Scores:
    fluxes = as_fluxes(network, data)
    if case == ALONE:
        found = CO2Readout(network)(tensor(fluxes)).numpy()
    else:
        found = co2_from_carbon_and_electrons(network, fluxes)
    return {"median error of CO2": float(np.median(np.abs(found / data.truth[CO2].to_numpy() - 1.0)))}


def _hidden_co2(network: MetabolicNetwork, data: MeasuredRates, case: str) -> Scores:
    hidden, composition, energy = CASES[case]
    options = ReconcileOptions(composition=composition, energy=energy, ranges=False)
    _, result = reconcile(network, rate_table(network, data, hidden), options)
    found, truth = result.intervals, data.truth[CO2].to_numpy()
    column = found.reactions.index(CO2)
    value, low, high = (array[:, column] for array in (found.value, found.low, found.high))
    known = ~np.isnan(value)
    return {
        "median error of CO2": float(np.nanmedian(np.abs(value / truth - 1.0))),
        "truth inside the 90 % interval": float(np.mean(((low <= truth) & (truth <= high))[known])),
        "median half width of the interval": float(np.nanmedian((high - low) / 2 / np.abs(value))),
    }


def _doubled(network: MetabolicNetwork, data: MeasuredRates, seed: int) -> Scores:
    """Double one non-zero rate in every sample, all rates measured; score how often it is the one that is named."""
    clean = rate_table(network, data)
    rng = np.random.default_rng([seed, 11])
    truth = data.truth[list(clean.reactions)].to_numpy()
    rows = np.arange(len(truth))
    place = np.array([rng.choice(np.flatnonzero(np.abs(row) > 1e-6)) for row in truth])
    rates = clean.rates.copy()
    rates[rows, place] *= 2.0
    deviations = assumed_deviations(rates)
    deviations[:, -1] = assumed_deviations(rates[:, -1], growth=True)
    table = replace(clean, rates=rates, deviations=deviations)
    _, result = reconcile(network, table, ReconcileOptions(composition="fixed", ranges=False))
    errors = result.errors
    columns = np.array([errors.reactions.index(name) for name in table.reactions])[place]
    told = scipy.stats.chi2.sf(np.square(np.nan_to_num(errors.residuals[rows, columns])), 1) < TOLD
    named = np.array([errors.reactions[column] for column in columns]) == np.array(errors.suspect)
    return {
        "found by a test that was told the place": float(told.mean()),
        "named, of those": float(named[told].mean()),
        "named, of all": float(named.mean()),
    }
