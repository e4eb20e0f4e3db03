"""Benchmarks by name, written as JSON."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path

from metagnn.files.output import replace_file
from metagnn.studies.benchmarks.devices import measure_devices
from metagnn.studies.benchmarks.inference import measure_inference
from metagnn.studies.benchmarks.labels import measure_labels
from metagnn.studies.benchmarks.projection import measure_projection
from metagnn.studies.benchmarks.scaling import measure_scaling
from metagnn.studies.benchmarks.startup import measure_startup
from metagnn.studies.benchmarks.training import measure_training
from metagnn.studies.harness.comparison import Comparison

Progress = Callable[[int, int], None]


def run_benchmark(
    name: str, folder: Path, seed: int = 0, progress: Progress | None = None, quick: bool = False
) -> list[Comparison]:
    """Run a benchmark and write `NAME.json` into a folder.

    Args:
        name: "devices", "inference", "labels", "projection", "scaling", "startup" or "training".
        folder: Where to write.
        seed: Seed of media and weights.
        progress: Called with how many cases are done, and of how many.
        quick: Small forms of all cases, to see that they run.
    """
    measures = {
        "devices": measure_devices,
        "inference": measure_inference,
        "labels": measure_labels,
        "projection": measure_projection,
        "scaling": measure_scaling,
        "startup": measure_startup,
        "training": measure_training,
    }
    rows = measures[name](seed, progress or (lambda done, total: None), quick)
    text = json.dumps([dataclasses.asdict(row) for row in rows], indent=2, allow_nan=False)
    replace_file(folder / f"{name}.json", text.encode())
    return rows
