"""Every set by name: the files that it needs, and the experiment on it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from metagnn.studies.harness.samples import SampleStore
from metagnn.studies.measured.data_file import DataFile
from metagnn.studies.measured.flux_case import FluxCase
from metagnn.studies.measured.flux_learning import FluxLearning
from metagnn.studies.measured.kayser import FILE as KAYSER_FILE
from metagnn.studies.measured.kayser import HiddenCo2, read_kayser
from metagnn.studies.measured.m28 import CURVES_FILE, MEDIA_FILE, GrowthCurves, read_m28
from metagnn.studies.measured.measured_set import AbstractMeasuredSet
from metagnn.studies.measured.published_fluxes import (
    GEROSA_FILE,
    LEAVE_SOURCE_OUT,
    NANCHEN_FILE,
    gerosa_case,
    nanchen_case,
    read_gerosa,
    read_nanchen,
)
from metagnn.studies.measured.synthetic import synthetic_case
from metagnn.studies.rivals.measured_predictor import PredictorEffort
from metagnn.training.config import TrainingConfig

GENOME_SCALE = PredictorEffort(TrainingConfig(epochs=50))
"""Fewer epochs on iJO1366, where one takes ten times as long."""

CELLS, QUICK_CELLS = (80, 100), (20, 10)
"""Synthetic samples to train on, and to test on of either kind."""

HIDDEN_CO2, MEASURED_CO2 = "synthetic, CO2 hidden", "synthetic, CO2 measured at 0.75"


@dataclass(frozen=True)
class SetEntry:
    """A set.

    Attributes:
        files: Names of the files that it needs.
        read: Reads and checks them.
        experiments: Makes the experiments of the files.
    """

    files: tuple[str, ...]
    read: Callable[[Path], tuple[DataFile, ...]]
    experiments: Callable[[tuple[DataFile, ...]], list[AbstractMeasuredSet]]


def _nanchen(store: SampleStore, experiment: FluxLearning, seed: int) -> FluxCase:
    return nanchen_case(store.network("e_coli_core"), experiment.files[0].table)


def _gerosa(store: SampleStore, experiment: FluxLearning, seed: int) -> FluxCase:
    return gerosa_case(store.network("iJO1366"), experiment.files[0].table)


def _synthetic(store: SampleStore, experiment: FluxLearning, seed: int) -> FluxCase:
    counts = QUICK_CELLS if experiment.small else CELLS
    return synthetic_case(store.network("e_coli_core"), counts, experiment.name == MEASURED_CO2, seed)


def _nanchen_set(files: tuple[DataFile, ...]) -> list[AbstractMeasuredSet]:
    return [FluxLearning("nanchen", files, make=_nanchen)]


def _gerosa_set(files: tuple[DataFile, ...]) -> list[AbstractMeasuredSet]:
    experiment = FluxLearning("gerosa", files, make=_gerosa, kinds=("max_uptake",), effort=GENOME_SCALE)
    return [dataclasses.replace(experiment, bars=("k·q", "pFBA"), by_group=LEAVE_SOURCE_OUT)]


def _kayser_set(files: tuple[DataFile, ...]) -> list[AbstractMeasuredSet]:
    return [HiddenCo2("kayser", files)]


def _m28_set(files: tuple[DataFile, ...]) -> list[AbstractMeasuredSet]:
    return [GrowthCurves("m28", files)]


def _synthetic_set(files: tuple[DataFile, ...]) -> list[AbstractMeasuredSet]:
    return [FluxLearning(name, files, make=_synthetic, kinds=("max_uptake",)) for name in (HIDDEN_CO2, MEASURED_CO2)]


SETS: dict[str, SetEntry] = {
    "nanchen": SetEntry((NANCHEN_FILE,), read_nanchen, _nanchen_set),
    "gerosa": SetEntry((GEROSA_FILE,), read_gerosa, _gerosa_set),
    "kayser": SetEntry((KAYSER_FILE,), read_kayser, _kayser_set),
    "m28": SetEntry((MEDIA_FILE, CURVES_FILE), read_m28, _m28_set),
    "synthetic": SetEntry((), lambda folder: (), _synthetic_set),
}
"""All sets by name, in the order of the tables."""
