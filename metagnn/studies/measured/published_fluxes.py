"""Sets of measured internal fluxes: Nanchen et al. 2006 and Gerosa et al. 2015."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from metagnn.network.metabolic_network import MetabolicNetwork
from metagnn.studies.harness.measured_fluxes import MeasuredFluxes, measured_fluxes
from metagnn.studies.measured.data_file import DataFile, read_data_file
from metagnn.studies.measured.flux_case import FluxCase, leave_groups_out

GLUCOSE = "EX_glc__D_e"

NANCHEN_FILE = "nanchen2006_fluxes.csv"
NANCHEN_FLUXES = (
    *("G6PDH2r", "GND", "PGI", "PFK", "TKT1", "TKT2", "TALA", "GAPD", "ENO", "PYK", "PDH", "CS", "ICDHyr", "AKGDH"),
    *("FUM", "MDH", "PPC", "PPCK", "ICL"),
)
"""Its 20 fluxes but EDD, which e_coli_core lacks."""

GROUP_WIDTH = 0.045
"""Dilution rates within this width count as one group: replicates, and their neighbours [1/h]."""

LOW_UPTAKE = 3.0
"""The training of the split "low → high uptake" ends at this glucose uptake [mmol/gDW/h]."""

GEROSA_FILE = "gerosa2015_fluxes.csv"
GEROSA_SOURCES = (*(GLUCOSE, "EX_ac_e", "EX_fru_e", "EX_gal_e", "EX_glyc_e", "EX_glcn_e", "EX_succ_e", "EX_pyr_e"),)
GEROSA_FLUXES = (
    *("G6PDH2r", "PGL", "GND", "RPI", "RPE", "PGI", "EDD", "EDA", "PFK", "FBP", "FBA", "TPI", "TKT1", "TKT2", "TALA"),
    *("GAPD", "PGK", "PGM", "ENO", "PYK", "PPS", "PDH", "CS", "ACONTa", "ACONTb", "ICDHyr", "AKGDH", "SUCOAS"),
    *("SUCDi", "FUM", "MDH", "PPC", "PPCK", "ACKr", "ICL", "MALS", "LDH_D"),
)

LEAVE_RATE_OUT, LOW_TO_HIGH, LEAVE_SOURCE_OUT = "leave-growth-rate-out", "low → high uptake", "leave-source-out"

SMALLEST_DEVIATION = 1e-3
"""What stands in for a published deviation of zero [mmol/gDW/h]."""


def read_nanchen(folder: Path) -> tuple[DataFile, ...]:
    """Read and check the table of Nanchen et al. 2006, doi 10.1128/AEM.72.2.1164-1172.2006."""
    return (_read(folder, NANCHEN_FILE, (GLUCOSE, "growth", *NANCHEN_FLUXES)),)


def nanchen_case(network: MetabolicNetwork, table: pd.DataFrame) -> FluxCase:
    """Chemostats on glucose: leave one growth rate out, and predict high uptakes from low ones."""
    targets = [*NANCHEN_FLUXES, "growth"]
    groups = (table["growth"] // GROUP_WIDTH).to_numpy(dtype=int)
    samples = _samples(network, table, (GLUCOSE,), targets, groups)
    low = samples.uptakes[GLUCOSE].to_numpy() < LOW_UPTAKE
    splits = {
        LEAVE_RATE_OUT: leave_groups_out(groups),
        LOW_TO_HIGH: ((np.flatnonzero(low), np.flatnonzero(~low)),),
    }
    return FluxCase(samples, samples.targets, tuple(samples.targets.columns), splits)


def read_gerosa(folder: Path) -> tuple[DataFile, ...]:
    """Read and check the table of Gerosa et al. 2015, doi 10.1016/j.cels.2015.09.008."""
    return (_read(folder, GEROSA_FILE, (*GEROSA_SOURCES, "growth", *GEROSA_FLUXES), ("sample",)),)


def gerosa_case(network: MetabolicNetwork, table: pd.DataFrame) -> FluxCase:
    """Batches on eight carbon sources with their uptakes given: leave one source out."""
    groups = table["sample"].to_numpy(dtype=str)
    samples = _samples(network, table, GEROSA_SOURCES, [*GEROSA_FLUXES, "growth"], groups)
    splits = {LEAVE_SOURCE_OUT: leave_groups_out(groups)}
    return FluxCase(samples, samples.targets, GEROSA_FLUXES, splits)


def _read(folder: Path, name: str, columns: tuple[str, ...], texts: tuple[str, ...] = ()) -> DataFile:
    return read_data_file(folder, name, (*columns, *(f"{column}_std" for column in columns)), texts)


def _samples(
    network: MetabolicNetwork, table: pd.DataFrame, sources: tuple[str, ...], targets: list[str], groups: np.ndarray
) -> MeasuredFluxes:
    # Rates are signed, and uptake is negative.
    uptakes = (-table[list(sources)]).clip(lower=0.0) + 0.0
    deviations = table[[f"{name}_std" for name in targets]].set_axis(targets, axis=1).clip(lower=SMALLEST_DEVIATION)
    return measured_fluxes(network, uptakes, table[targets], deviations, groups)
