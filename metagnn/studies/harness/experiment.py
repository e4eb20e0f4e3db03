"""What every experiment is: data by seed, contestants, runs with scores, and where the scores go."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from metagnn.studies.harness.samples import SampleStore

Scores = dict[str, Any]
"""What one run measured, by name; numbers, or what JSON can hold."""


@dataclass(frozen=True, eq=False)
class Run:
    """What one contestant did with the data of one seed.

    Attributes:
        scores: What was measured.
        arrays: What a figure needs.
        history: Terms of the objective by epoch; empty for contestants without epochs.
    """

    scores: Scores
    arrays: dict[str, np.ndarray] = field(default_factory=dict)
    history: pd.DataFrame = field(default_factory=pd.DataFrame)


@dataclass(frozen=True)
class Repetitions:
    """Seeds of the quick, the usual and the full form."""

    quick: int
    usual: int
    full: int

    def of(self, size: str) -> int:
        """Number of seeds of a form, "quick", "usual" or "full"."""
        return int(getattr(self, size))


class AbstractExperiment(ABC):
    """One experiment; its instances are small, so that they travel to worker processes.

    Attributes:
        name: Name of its runs' files.
        repetitions: How often it is repeated.
    """

    name: str
    repetitions: Repetitions

    @abstractmethod
    def contestants(self, size: str) -> tuple[str, ...]:
        """Names of the contestants of a form, "quick", "usual" or "full"."""

    def quick(self) -> AbstractExperiment:
        """The experiment in its quick form; the same, unless it says otherwise."""
        return self

    @abstractmethod
    def settings(self) -> dict[str, Any]:
        """What is needed to repeat it, as JSON can hold it."""

    @abstractmethod
    def data(self, store: SampleStore, seed: int) -> Any:
        """What all contestants of one seed get."""

    @abstractmethod
    def run(self, contestant: str, data: Any, seed: int) -> Run:
        """Let one contestant have a go."""

    @abstractmethod
    def results(self, runs: Mapping[str, Sequence[Scores]]) -> dict[str, Any]:
        """Entries of `results.json`, from every contestant's scores by seed: nested, keys as there."""


def spread(runs: Sequence[Scores]) -> dict[str, dict[str, float]]:
    """Median, smallest and largest of every score over the seeds."""
    return {
        name: {
            "median": float(np.median([run[name] for run in runs])),
            "min": min(run[name] for run in runs),
            "max": max(run[name] for run in runs),
        }
        for name in runs[0]
    }
