"""Every set by name: the files that it needs, and the experiment on it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from metagnn.studies.harness.samples import SampleStore
from metagnn.studies.measured.data_file import DataFile
from metagnn.studies.measured.flux_case import FluxCase
from metagnn.studies.measured.flux_learning import FluxLearning
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
from metagnn.studies.rivals.measured_predictor import PredictorEffort
from metagnn.training.config import TrainingConfig

GENOME_SCALE = PredictorEffort(TrainingConfig(epochs=50))
"""Fewer epochs on iJO1366, where one takes ten times as long."""


@dataclass(frozen=True)
class SetEntry:
    """A set.

    Attributes:
        files: Names of the files that it needs.
        read: Reads and checks them.
        experiment: Makes the experiment of the files.
    """

    files: tuple[str, ...]
    read: Callable[[Path], tuple[DataFile, ...]]
    experiment: Callable[[tuple[DataFile, ...]], AbstractMeasuredSet]


def _nanchen(store: SampleStore, experiment: FluxLearning, seed: int) -> FluxCase:
    return nanchen_case(store.network("e_coli_core"), experiment.files[0].table)


def _gerosa(store: SampleStore, experiment: FluxLearning, seed: int) -> FluxCase:
    return gerosa_case(store.network("iJO1366"), experiment.files[0].table)


SETS: dict[str, SetEntry] = {
    "nanchen": SetEntry((NANCHEN_FILE,), read_nanchen, lambda files: FluxLearning("nanchen", files, make=_nanchen)),
    "gerosa": SetEntry(
        (GEROSA_FILE,),
        read_gerosa,
        lambda files: FluxLearning(
            *("gerosa", files),
            make=_gerosa,
            kinds=("max_uptake",),
            alone=("max_uptake",),
            effort=GENOME_SCALE,
            bars=("k·q", "pFBA"),
            by_group=LEAVE_SOURCE_OUT,
        ),
    ),
}
"""All sets by name, in the order of the tables."""
