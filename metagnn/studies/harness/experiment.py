"""Define an experiment: data by seed, contestants, the scores of a run, and the entries of the result."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from metagnn.studies.harness.samples import SampleStore

Scores = dict[str, Any]
"""What one run measured, by name: numbers, or other values that JSON can hold."""

SLOW = ("flux_gnn", "mlp", "gradient_boosting")
"""Parts of the names of contestants whose training takes long."""


@dataclass(frozen=True, eq=False)
class Run:
    """What one contestant did with the data of one seed.

    Attributes:
        scores: What was measured.
        arrays: Arrays that a figure needs.
        history: Terms of the objective by epoch; empty for contestants without epochs.
    """

    scores: Scores
    arrays: dict[str, np.ndarray] = field(default_factory=dict)
    history: pd.DataFrame = field(default_factory=pd.DataFrame)


@dataclass(frozen=True)
class Repetitions:
    """Number of seeds of the quick, the usual and the full form."""

    quick: int
    usual: int
    full: int

    def count(self, size: str) -> int:
        """Return the number of seeds of a form: "quick", "usual" or "full"."""
        return int(getattr(self, size))


class AbstractExperiment(ABC):
    """One experiment. Its instances are small: they are sent to worker processes.

    Attributes:
        name: Start of the names of its runs' files.
        repetitions: Number of seeds.
        trainings: Trainings in a run of a contestant that trains; longer runs start first.
    """

    name: str
    repetitions: Repetitions
    trainings = 1

    @abstractmethod
    def contestants(self, size: str) -> tuple[str, ...]:
        """Name the contestants of a form: "quick", "usual" or "full"."""

    def quick(self) -> AbstractExperiment:
        """Return the quick form of the experiment; by default the experiment itself."""
        return self

    @abstractmethod
    def settings(self) -> dict[str, Any]:
        """Return everything needed to repeat the experiment, in a form that JSON can hold."""

    @abstractmethod
    def data(self, store: SampleStore, seed: int) -> Any:
        """Make the data of a seed, which all contestants share."""

    @abstractmethod
    def run(self, contestant: str, data: Any, seed: int) -> Run:
        """Run one contestant on the data of a seed."""

    @abstractmethod
    def results(self, runs: Mapping[str, Sequence[Scores]]) -> dict[str, Any]:
        """Summarise every contestant's scores by seed as nested entries of the result file."""

    def cost(self, contestant: str) -> int:
        """Rank how long a run takes, so that the longest can start first."""
        return self.trainings * any(part in contestant for part in SLOW)
