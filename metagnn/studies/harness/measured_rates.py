"""Simulated measurements: noisy exchange rates and growth, beside the fluxes without noise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import torch

from metagnn.datasets.flux_batch import FluxBatch
from metagnn.datasets.noise import add_white_noise
from metagnn.datasets.reference_media import E_COLI_CORE_RANGES
from metagnn.datasets.targets import read_targets
from metagnn.inputs import read_conditions
from metagnn.network.conditions import Conditions
from metagnn.network.metabolic_network import MetabolicNetwork
from metagnn.studies.harness.samples import TEST_SEED, SampleStore

MODEL, METHOD, NOISE = "e_coli_core", "min_norm", 0.05
TRAIN_SAMPLES, TEST_SAMPLES = 100, 500
NOISE_SEED = 1_000_000
"""Added to the seed of the media, so that noise and media are independent."""

CO2 = "EX_co2_e"
SELDOM_MEASURED = ("EX_h2o_e", "EX_h_e", "EX_pi_e")
"""Water, protons and phosphate: a bioreactor's rates seldom include them."""


@dataclass(frozen=True, eq=False)
class MeasuredRates:
    """Samples as a laboratory has them, beside the truth; one row a sample [mmol/gDW/h].

    Attributes:
        truth: Every flux, without noise.
        rates: Every exchange, with noise; whoever reads it selects the exchanges that count as measured.
        growth: Growth, with noise [1/h].
    """

    truth: pd.DataFrame
    rates: pd.DataFrame
    growth: pd.DataFrame

    def first(self, count: int) -> MeasuredRates:
        """Select the first samples."""
        return MeasuredRates(self.truth[:count], self.rates[:count], self.growth[:count])


@dataclass(frozen=True, eq=False)
class RatesTask:
    """What a contestant gets.

    Attributes:
        network: The network.
        train: Training samples; a contestant must not use their truth.
        test: Test samples; the same holds.
        inputs: Exchanges that were measured.
        known_composition: Whether the biomass is that of the network; otherwise alpha and beta must be estimated.
    """

    network: MetabolicNetwork
    train: MeasuredRates
    test: MeasuredRates
    inputs: tuple[str, ...]
    known_composition: bool = True

    def conditions(self, samples: MeasuredRates) -> Conditions:
        """Read bounds, measured rates and their deviations."""
        return read_conditions(self.network, samples.rates[list(self.inputs)], "rates")

    def batch(self, samples: MeasuredRates, others: Sequence[str] = ()) -> FluxBatch:
        """Return the samples as tensors with growth observed; `others` are measured, but no inputs."""
        table = samples.rates[[*self.inputs, *others]]
        observed = read_targets(self.network, samples.growth, table.index).observed
        return FluxBatch(read_conditions(self.network, table, "rates"), observed)

    def measured_with_growth(self, samples: MeasuredRates) -> tuple[np.ndarray, np.ndarray]:
        """Return measured rates and growth, and their deviations, each `[samples, reactions]`, NaN where unmeasured."""
        c = self.conditions(samples)
        assert c.measured is not None
        assert c.deviation is not None
        measured, deviation = c.measured.numpy().copy(), c.deviation.numpy().copy()
        index = self.network.reaction_index(self.network.growth_reaction)
        measured[:, index] = samples.growth.to_numpy()[:, 0]
        deviation[:, index] = np.maximum(NOISE * np.abs(measured[:, index]), 1e-3)
        return measured, deviation


def draw_rates(store: SampleStore, count: int, seed: int, ranges: Mapping[str, Any] | None = None) -> MeasuredRates:
    """Draw feasible media, and return their fluxes with noisy rates and growth."""
    network = store.network(MODEL)
    truth = store.samples(MODEL, ranges or E_COLI_CORE_RANGES, count, METHOD, seed).fluxes
    growth = network.growth_reaction
    noisy = add_white_noise(truth[[*network.exchanges, growth]], NOISE, NOISE_SEED + seed)
    return MeasuredRates(truth, noisy[list(network.exchanges)], noisy[[growth]])


def draw_task(
    store: SampleStore, seed: int, hidden: Sequence[str] = (), samples: int = TRAIN_SAMPLES, known: bool = True
) -> RatesTask:
    """Draw training samples of a seed and the common test samples; `hidden` exchanges are not measured."""
    network = store.network(MODEL)
    train, test = draw_rates(store, samples, seed), draw_rates(store, TEST_SAMPLES, TEST_SEED)
    inputs = tuple(name for name in network.exchanges if name not in hidden)
    return RatesTask(network, train, test, inputs, known)


def own_contents(network: MetabolicNetwork) -> tuple[float, float]:
    """Return alpha and beta of the network's own biomass [mmol/gDW]: the truth of every synthetic sample."""
    return network.biomass_content("C"), network.biomass_content("N")


def random_start(network: MetabolicNetwork, seed: int) -> tuple[float, float]:
    """Draw alpha and beta between 0.5 and 1.5 times the truth [mmol/gDW]."""
    factors = np.random.default_rng([seed, 7]).uniform(0.5, 1.5, 2)
    alpha, beta = own_contents(network)
    return alpha * float(factors[0]), beta * float(factors[1])


def as_fluxes(network: MetabolicNetwork, samples: MeasuredRates) -> np.ndarray:
    """Place noisy rates and growth in the columns of their reactions, zero elsewhere, `[samples, reactions]`."""
    fluxes = np.zeros((len(samples.rates), len(network.reactions)))
    for table in (samples.rates, samples.growth):
        fluxes[:, [network.reaction_index(str(name)) for name in table.columns]] = table.to_numpy()
    return fluxes


def tensor(array: np.ndarray) -> torch.Tensor:
    """Convert an array to a float64 tensor."""
    return torch.from_numpy(np.ascontiguousarray(array, dtype=np.float64))
