"""AbstractMeasuredSet: an experiment on one set of data, whose runs score every split."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from metagnn.studies.harness.experiment import AbstractExperiment, Repetitions, Scores
from metagnn.studies.harness.scores import spread
from metagnn.studies.measured.data_file import DataFile

REPETITIONS = Repetitions(1, 3, 3)

OURS = "ours"
"""Start of the names of contestants that are metagnn's."""


@dataclass(frozen=True, eq=False)
class AbstractMeasuredSet(AbstractExperiment):
    """One set of data. A run's scores are numbers by split and metric; None where a contestant has none.

    Attributes:
        name: Name of the set.
        files: The files that it is read from.
        small: Whether this is the quick form: little work, too little for good scores.
        repetitions: Number of seeds.
    """

    name: str
    files: tuple[DataFile, ...] = ()
    small: bool = False
    repetitions: Repetitions = REPETITIONS

    def settings(self) -> dict[str, Any]:
        """The files with their checksums, and how much work is put in."""
        return {"files": [file.record for file in self.files], "small": self.small, **self.choices()}

    @abstractmethod
    def choices(self) -> dict[str, Any]:
        """Return what else is needed to repeat the set, in a form that JSON can hold."""

    def results(self, runs: Mapping[str, Sequence[Scores]]) -> dict[str, Any]:
        """Median and range of every metric over the seeds, by split and contestant."""
        tree: dict[str, Any] = {}
        for contestant, scores in runs.items():
            for split in scores[0]:
                tree.setdefault(split, {})[contestant] = spread([run[split] for run in scores])
        return {"sets": {self.name: tree}}

    def cost(self, contestant: str) -> int:
        """Start first what trains a network."""
        return int(contestant.startswith(OURS))
