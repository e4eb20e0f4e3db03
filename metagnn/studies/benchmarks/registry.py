"""Every benchmark by name, with the options that it takes; importing this file imports none of them."""

from __future__ import annotations

import dataclasses
import importlib
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from metagnn.studies.harness.result_table import ResultTable
    from metagnn.studies.harness.runs import Progress
    from metagnn.studies.harness.study import StudyOptions


class AbstractBenchmark(ABC):
    """One benchmark.

    Attributes:
        path: Module inside `metagnn.studies` and name of the function that measures, "module:function".
        options: Options that it takes and not every benchmark does: "data", "full", "growth", "jobs", "media", "model",
            "paths", "resume", "seeds", "table".
    """

    path: str
    options: tuple[str, ...]

    @abstractmethod
    def run(self, name: str, folder: Path, options: StudyOptions, progress: Progress) -> list[ResultTable]:
        """Measure, write `NAME.json` into the folder, and return the tables.

        Raises:
            FolderError: The folder exists or cannot be written.
        """

    def function(self) -> Any:
        """Import the function that measures."""
        module, _, name = self.path.partition(":")
        return getattr(importlib.import_module(f"metagnn.studies.{module}"), name)


@dataclass(frozen=True)
class ComparisonBenchmark(AbstractBenchmark):
    """Rows of ours beside a rival, measured in one go by a function `(seed, progress, quick)`.

    Attributes:
        path: See `AbstractBenchmark`.
        note: How to read the last column; None for the usual ratio.
    """

    path: str
    note: str | None = None
    options = ()

    def run(self, name: str, folder: Path, options: StudyOptions, progress: Progress) -> list[ResultTable]:
        """Measure, write and return the table."""
        from metagnn.files.output import check_output
        from metagnn.studies.harness.comparison import RATIO, comparison_table, write_comparisons

        check_output(folder, options.force, folder=True)
        rows = self.function()(options.first_seed, progress, options.quick)
        write_comparisons(name, folder, rows)
        return [comparison_table(name, rows, self.note or RATIO)]


@dataclass(frozen=True)
class StudyBenchmark(AbstractBenchmark):
    """A study, run and resumed by a function `(folder, options, progress)` that returns its tables.

    Attributes:
        path: See `AbstractBenchmark`.
        options: See `AbstractBenchmark`.
    """

    path: str
    options: tuple[str, ...] = ("resume",)

    def run(self, name: str, folder: Path, options: StudyOptions, progress: Progress) -> list[ResultTable]:
        """Run the study and return its tables."""
        # Without workers unless they are asked for: most of these measure time.
        here = options if "jobs" in self.options else dataclasses.replace(options, jobs=1)
        tables: list[ResultTable] = self.function()(folder, here, progress)
        return tables


EXPONENTS = "`ours` is the larger network, and the ratio the exponent of its cost in the non-zeros of S"

BENCHMARKS: dict[str, AbstractBenchmark] = {
    "devices": ComparisonBenchmark("benchmarks.devices:measure_devices"),
    "extrapolation": StudyBenchmark(
        "extrapolation.run:study_extrapolation", ("table", "model", "growth", "jobs", "resume")
    ),
    "hostile": StudyBenchmark("benchmarks.hostile:study_hostile", ("full",)),
    "identifiability": StudyBenchmark("benchmarks.identifiability:study_identifiability"),
    "inference": ComparisonBenchmark("benchmarks.inference:measure_inference"),
    "labels": ComparisonBenchmark("benchmarks.labels:measure_labels"),
    "measured": StudyBenchmark("measured.run:study_measured", ("paths", "data", "jobs", "seeds", "resume")),
    "models": StudyBenchmark("benchmarks.models:study_models", ("paths", "media", "seeds", "growth", "resume")),
    "projection": ComparisonBenchmark("benchmarks.projection:measure_projection"),
    "reconcile": StudyBenchmark("benchmarks.reconcile:study_reconciliation"),
    "repeatability": StudyBenchmark("benchmarks.repeatability:study_repeatability", ()),
    "scaling": ComparisonBenchmark("benchmarks.scaling:measure_scaling", EXPONENTS),
    "startup": ComparisonBenchmark("benchmarks.startup:measure_startup"),
    "training": StudyBenchmark("benchmarks.training:study_training"),
    "transfer": StudyBenchmark("benchmarks.transfer:study_transfer", ("full", "resume")),
}
"""Every benchmark by its name: a new one needs a line here and a file of its own."""
