"""Reconciliation of noisy rates whose truth is known: hidden CO2, its intervals, and rates in gross error."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import scipy.stats

from metagnn.analysis.reconciliation import ReconcileOptions, reconcile
from metagnn.datasets.rates import RateTable
from metagnn.datasets.rates.rate_table import assumed_deviations
from metagnn.network.metabolic_network import MetabolicNetwork
from metagnn.nn.co2 import CO2Readout
from metagnn.studies.harness.samples import SampleStore
from metagnn.studies.paper.measured_rates import CO2, SELDOM_MEASURED, MeasuredRates, as_fluxes, draw_rates, tensor

SAMPLES, SEEDS = 1000, 3
QUICK_SAMPLES, QUICK_SEEDS = 60, 1

TOLD = 0.01
"""Probability below which a likelihood-ratio test that was told the place has found the error."""

CASES: dict[str, tuple[tuple[str, ...], str, str]] = {
    "all other exchanges measured": ((CO2,), "fixed", "free"),
    "the same, demand for ATP kept": ((CO2,), "fixed", "keep"),
    "without H2O, H+, Pi": ((CO2, *SELDOM_MEASURED), "fixed", "free"),
    "without them, demand for ATP kept": ((CO2, *SELDOM_MEASURED), "fixed", "keep"),
    "all others, composition fitted": ((CO2,), "elemental", "free"),
}
"""What was not measured, where the composition of biomass comes from, and whether its demand for ATP binds."""


@dataclass(frozen=True)
class ReconcileScore:
    """One figure over the seeds.

    Attributes:
        case: What was measured.
        metric: What is reported, as a fraction.
        median: Median over the seeds.
        least: Smallest.
        most: Largest.
    """

    case: str
    metric: str
    median: float
    least: float
    most: float


def measure_reconciliation(
    seed: int, progress: Callable[[int, int], None], quick: bool = False
) -> list[ReconcileScore]:
    """Hidden CO2 with 5 % noise and one rate doubled, on e_coli_core, over several draws of media and noise.

    Args:
        seed: Seed of the first draw; the others follow it.
        progress: Called with how many draws are done, and of how many.
        quick: One draw of few samples.
    """
    samples, seeds = (QUICK_SAMPLES, QUICK_SEEDS) if quick else (SAMPLES, SEEDS)
    store = SampleStore()
    runs = []
    for number in range(seeds):
        data = draw_rates(store, samples, seed + number)
        runs.append(_hidden_co2(store.network("e_coli_core"), data))
        runs[-1] |= _doubled(store.network("e_coli_core"), data, seed + number)
        progress(number + 1, seeds)
    return [
        ReconcileScore(case, metric, float(np.median(values)), float(min(values)), float(max(values)))
        for case, metric in runs[0]
        for values in [[run[case, metric] for run in runs]]
    ]


def rate_table(network: MetabolicNetwork, data: MeasuredRates, hidden: Sequence[str] = ()) -> RateTable:
    """Noisy rates and growth as a file would give them, with deviations of 5 %."""
    names = tuple(name for name in network.exchanges if name not in hidden)
    rates = np.column_stack([data.rates[list(names)].to_numpy(), data.growth.to_numpy()])
    deviations = assumed_deviations(rates)
    deviations[:, -1] = assumed_deviations(rates[:, -1], growth=True)
    samples = tuple(str(row) for row in range(len(rates)))
    return RateTable(samples, (*names, network.growth_reaction), rates, deviations)


Figures = dict[tuple[str, str], float]


def _hidden_co2(network: MetabolicNetwork, data: MeasuredRates) -> Figures:
    found: Figures = {}
    truth = data.truth[CO2].to_numpy()
    closed_form = CO2Readout(network)(tensor(as_fluxes(network, data))).numpy()
    found["carbon balance alone", "median error of CO2"] = float(np.median(np.abs(closed_form / truth - 1.0)))
    for case, (hidden, composition, energy) in CASES.items():
        table = rate_table(network, data, hidden)
        _, result = reconcile(network, table, ReconcileOptions(composition=composition, energy=energy, ranges=False))
        column = result.intervals.reactions.index(CO2)
        value, low, high = (
            array[:, column] for array in (result.intervals.value, result.intervals.low, result.intervals.high)
        )
        found[case, "median error of CO2"] = float(np.nanmedian(np.abs(value / truth - 1.0)))
        found[case, "truth inside the 90 % interval"] = float(np.mean((low <= truth) & (truth <= high)))
        found[case, "median half width of the interval"] = float(np.nanmedian((high - low) / 2 / np.abs(value)))
    return found


def _doubled(network: MetabolicNetwork, data: MeasuredRates, seed: int) -> Figures:
    """One rate other than zero doubled in every sample, all of them measured; is it the one that is named?"""
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
        ("one rate doubled", "found by a test that was told the place"): float(told.mean()),
        ("one rate doubled", "named, of those"): float(named[told].mean()),
        ("one rate doubled", "named, of all"): float(named.mean()),
    }
