"""Benchmarks by name, written as JSON."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path

from metagnn.benchmarks.comparison import Comparison
from metagnn.benchmarks.inference import measure_inference
from metagnn.benchmarks.labels import measure_labels
from metagnn.benchmarks.startup import measure_startup
from metagnn.datasets.output import replace_file

Progress = Callable[[int, int], None]


def run_benchmark(name: str, folder: Path, seed: int = 0, progress: Progress | None = None) -> list[Comparison]:
    """Run a benchmark and write `NAME.json` into a folder.

    Args:
        name: "inference", "labels" or "startup".
        folder: Where to write.
        seed: Seed of media and weights.
        progress: Called with how many cases are done, and of how many.
    """
    cases = {"inference": measure_inference, "labels": measure_labels, "startup": measure_startup}[name]
    rows = cases(seed, progress or (lambda done, total: None))
    text = json.dumps([dataclasses.asdict(row) for row in rows], indent=2)
    replace_file(folder / f"{name}.json", text.encode())
    return rows
