"""Kayser et al. 2005: the CO2 of real chemostats, and the carbon of their biomass."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from metagnn.network.metabolic_network import MetabolicNetwork
from metagnn.studies.harness.experiment import Run
from metagnn.studies.harness.samples import SampleStore
from metagnn.studies.measured.data_file import DataFile, read_data_file
from metagnn.studies.measured.measured_set import AbstractMeasuredSet
from metagnn.studies.rivals.measured_co2 import CO2_RIVALS, Chemostats, Co2Answer, predictor_hidden, predictor_learned
from metagnn.studies.rivals.measured_predictor import QUICK_EFFORT, PredictorEffort
from metagnn.units import molar_mass

FILE = "kayser2005_table2.csv"

COLUMNS = {
    "glucose_uptake_g_per_gDW_h": ("EX_glc__D_e", -1.0),
    "co2_evolution_g_per_gDW_h": ("EX_co2_e", 1.0),
    "oxygen_uptake_g_per_gDW_h": ("EX_o2_e", -1.0),
    "acetate_formation_g_per_gDW_h": ("EX_ac_e", 1.0),
    "ammonium_uptake_g_per_gDW_h": ("EX_nh4_e", -1.0),
}
"""Exchange and sign of every rate [g/gDW/h]."""

GROWTH = "dilution_rate_1_per_h"
CO2 = "EX_co2_e"
SPLIT = "hidden CO2"


def read_kayser(folder: Path) -> tuple[DataFile, ...]:
    """Read and check Table 2 of Kayser et al. 2005, doi 10.1099/mic.0.27481-0."""
    return (read_data_file(folder, FILE, (GROWTH, *COLUMNS)),)


def chemostats(network: MetabolicNetwork, table: pd.DataFrame) -> Chemostats:
    """Convert the published rates to mmol/gDW/h."""
    rates = pd.DataFrame(index=range(len(table)))
    for column, (exchange, sign) in COLUMNS.items():
        mass = molar_mass(dict(_formula(network, exchange)))
        assert mass is not None
        # Without −0 where nothing flows.
        rates[exchange] = sign * table[column].to_numpy() * 1000.0 / mass + 0.0
    return Chemostats(network, rates.drop(columns=CO2), table[GROWTH].to_numpy(), rates[CO2].to_numpy())


@dataclass(frozen=True, eq=False)
class HiddenCo2(AbstractMeasuredSet):
    """Find the CO2 of chemostats: from the other rates alone, or from those of the other states too.

    Attributes:
        effort: How much work FluxGNN may put in.
    """

    effort: PredictorEffort = dataclasses.field(default_factory=PredictorEffort)

    def contestants(self, size: str) -> tuple[str, ...]:
        """Balances, a regression, reconciliation, and ours."""
        return (*CO2_RIVALS, *self._ours())

    def quick(self) -> HiddenCo2:
        """Train hardly anything."""
        return dataclasses.replace(self, small=True, effort=QUICK_EFFORT)

    def choices(self) -> dict[str, Any]:
        """Sizes and training of FluxGNN."""
        return {"effort": dataclasses.asdict(self.effort)}

    def data(self, store: SampleStore, seed: int) -> Chemostats:
        """Convert the published rates; the same for every seed."""
        return chemostats(store.network("e_coli_core"), self.files[0].table)

    def run(self, contestant: str, data: Chemostats, seed: int) -> Run:
        """Predict the CO2 of every state, and score it."""
        answer = (CO2_RIVALS | self._ours())[contestant](data, seed)
        relative = np.abs(answer.co2 / data.co2 - 1.0)
        scores: dict[str, float | None] = {
            "hidden_error": float(relative.mean()),
            "worst_hidden_error": float(relative.max()),
            "alpha": None if answer.alpha is None or np.isnan(answer.alpha) else float(answer.alpha),
            "hidden_coverage": None,
            "half_width": None,
        }
        if answer.low is not None and answer.high is not None:
            scores["hidden_coverage"] = float(((answer.low <= data.co2) & (data.co2 <= answer.high)).mean())
            scores["half_width"] = float(np.median((answer.high - answer.low) / 2 / data.co2))
        return Run({SPLIT: scores})

    def _ours(self) -> dict[str, Callable[[Chemostats, int], Co2Answer]]:
        return {
            "ours, CO2 never measured": lambda data, seed: predictor_hidden(data, seed, self.effort),
            "ours, CO2 of the others": lambda data, seed: predictor_learned(data, seed, self.effort, self.small),
        }


def _formula(network: MetabolicNetwork, exchange: str) -> dict[str, float]:
    S = network.stoichiometry.to_scipy().tocsc()
    (row,) = S[:, [network.reaction_index(exchange)]].nonzero()[0]
    return dict(network.metabolite_table[row].formula or {})
