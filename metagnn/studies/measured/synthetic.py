"""Synthetic truths: measurements of cells that are known not to be optimal, with every flux behind them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from metagnn.network.metabolic_network import MetabolicNetwork
from metagnn.studies.harness.measured_fluxes import measured_fluxes
from metagnn.studies.measured.flux_case import FluxCase
from metagnn.studies.measured.wasteful_cells import RICHER, SUBSTRATES, CellModel

CO2 = "EX_co2_e"
CO2_GAIN = 0.75
"""What an instrument shows of the CO2 that cells evolve."""

NOISE, LEAST_NOISE = 0.05, 0.01
"""Standard deviation of a measurement: relative, and at least this [mmol/gDW/h, growth in 1/h a tenth of it]."""

MEASURED = (
    *("EX_glc__D_e", "EX_ac_e", "EX_lac__D_e", "EX_glu__L_e", "EX_o2_e"),
    *("G6PDH2r", "PGI", "PFK", "GAPD", "PYK", "PDH", "PPC", "CS", "ICDHyr", "AKGDH", "MDH", "ICL", "TALA"),
)
"""Exchanges and internal fluxes that are measured."""

INSIDE, OUTSIDE = "inside", "outside: more glucose"


def synthetic_case(network: MetabolicNetwork, counts: tuple[int, int], with_gain: bool, seed: int) -> FluxCase:
    """Draw cells, and measure them.

    Args:
        network: e_coli_core.
        counts: Number of training samples, and of test samples of either kind.
        with_gain: Whether CO2 is measured, with a gain that nobody is told; otherwise nobody measures it.
        seed: Seed of cells and noise.
    """
    model, (train, test) = CellModel(network), counts
    seeds = np.random.SeedSequence(seed).generate_state(4)
    draws = [
        model.draw(ranges, count, int(own))
        for ranges, count, own in zip((SUBSTRATES, SUBSTRATES, RICHER), (train, test, test), seeds, strict=False)
    ]
    uptakes = pd.concat([draw.uptakes for draw in draws], ignore_index=True)
    truth = pd.concat([draw.fluxes for draw in draws], ignore_index=True)
    columns = [*MEASURED, network.growth_reaction, *([CO2] if with_gain else [])]
    exact, least = truth[columns].copy(), np.full(len(columns), LEAST_NOISE)
    least[columns.index(network.growth_reaction)] /= 10.0
    if with_gain:
        exact[CO2] *= CO2_GAIN
    deviations = np.maximum(NOISE * exact.abs(), least)
    targets = exact + deviations * np.random.default_rng(int(seeds[3])).standard_normal(exact.shape)
    rows = np.split(np.arange(len(uptakes)), np.cumsum([train, test]))
    samples = measured_fluxes(network, uptakes, targets, deviations, np.arange(len(uptakes)))
    splits = {INSIDE: ((rows[0], rows[1]),), OUTSIDE: ((rows[0], rows[2]),)}
    return FluxCase(samples, truth, (*MEASURED, network.growth_reaction), splits, hidden=CO2)
