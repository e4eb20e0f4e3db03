"""The commands that write for long, at their smallest: a network of six reactions, three chunks, three epochs."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from joblib.externals.loky.backend.context import set_start_method

from metagnn import training_job
from metagnn.analysis.reconciliation import folder as reconciliation_folder
from metagnn.cli import commands, reconcile_command
from metagnn.fba import label_chunks
from metagnn.network import MetabolicNetwork
from metagnn.plots.canvas import new_figure, save_figure
from metagnn.studies.harness.experiment import AbstractExperiment, Repetitions, Run, Scores
from metagnn.studies.paper import reproduce
from metagnn.testing import toy_network

OUT = "out"
"""The folder that a command's output lies in, and nothing else."""


@dataclass(frozen=True)
class LongCommand:
    """A command that writes for long.

    Attributes:
        name: Its name in tables.
        arguments: Its arguments; `{inputs}` is the folder of the inputs, the output lies in `out`.
        workers: Whether it starts workers.
    """

    name: str
    arguments: str
    workers: bool = False

    def words(self, inputs: Path, *more: str) -> list[str]:
        """The arguments, for inputs in a folder."""
        return [*self.arguments.format(inputs=inputs).split(), *more]


LONG_COMMANDS = (
    LongCommand("simulate CSV", "simulate toy --media {inputs}/media.csv --out out/labels.csv"),
    LongCommand("simulate Parquet", "simulate toy --media {inputs}/media.csv --out out/labels.parquet"),
    LongCommand("simulate --jobs 2", "simulate toy --media {inputs}/media.csv --jobs 2 --out out/labels.csv", True),
    LongCommand(
        "train",
        "train toy --inputs {inputs}/media.csv --targets {inputs}/labels.csv --epochs 3 --steps 2 --batch-size 10 "
        "--accelerator cpu --out out/model",
    ),
    LongCommand(
        "reconcile",
        "reconcile {inputs}/rates.csv --model toy --composition fixed --present EX_b --out out/results",
    ),
    LongCommand("reproduce", "reproduce --jobs 1 --out out/results"),
    LongCommand("reproduce --jobs 2", "reproduce --jobs 2 --out out/results", True),
)


@dataclass(frozen=True)
class _Draws(AbstractExperiment):
    """Random numbers, with every file that an experiment writes; its fit takes a moment."""

    name: str
    repetitions = Repetitions(1, 1, 1)

    def contestants(self, size: str) -> tuple[str, ...]:
        return ("normal", "uniform")

    def settings(self) -> dict[str, Any]:
        return {"numbers": 8}

    def data(self, store: Any, seed: int) -> np.ndarray:
        return np.arange(8.0) + seed

    def run(self, contestant: str, data: np.ndarray, seed: int) -> Run:
        drawn = getattr(np.random.default_rng(seed), contestant)(size=8) + data
        scores = {"mean": float(drawn.mean()), "train_seconds": float(np.random.default_rng().random())}
        return Run(scores, {"drawn": drawn}, pd.DataFrame({"epoch": np.arange(8), "loss": drawn}))

    def results(self, runs: Mapping[str, Sequence[Scores]]) -> dict[str, Any]:
        return {self.name: {who: [score["mean"] for score in scores] for who, scores in runs.items()}}


def toy() -> MetabolicNetwork:
    """Build the network."""
    return toy_network(
        {
            "EX_a": "a <=>", "EX_o": "o <=>", "ferment": "a -> 2 b", "respire": "a + o -> 3 b", "EX_b": "b ->",
            "growth": "3 b ->",
        },
        "growth",
        {"EX_a": (-10, 1000), "EX_o": (-10, 1000)},
        formulas={"a": "C6H12O6N2", "b": "C2H4O2N", "o": "O2"},
    )  # fmt: skip


def write_inputs(folder: Path) -> None:
    """Write the tables that the commands read."""
    rng = np.random.default_rng(0)
    media = pd.DataFrame({"EX_a": rng.uniform(1, 10, 20), "EX_o": rng.uniform(0, 10, 20)})
    media.to_csv(folder / "media.csv", index=False)
    labels = pd.DataFrame({"EX_a": -media["EX_a"], "growth": media["EX_a"] / 2})
    labels.to_csv(folder / "labels.csv", index=False)
    a, o = rng.uniform(4, 10, 220), rng.uniform(0, 4, 220)
    growth, noise = (2 * a + o) / 4, rng.normal(1, 0.02, (2, 220))
    rates = pd.DataFrame({"EX_a": -a * noise[0], "EX_o": -o, "growth": growth * noise[1]})
    rates.columns = ["EX_a [mmol/gDW/h]", "EX_o [mmol/gDW/h]", "growth [1/h]"]
    rates.to_csv(folder / "rates.csv", index=False)


def shrink() -> None:
    """Make the pieces of this process small, and the experiments few; what writes files is as always."""
    # Fresh interpreters would import torch for every run.
    set_start_method("fork", force=True)
    for module in (commands, reconcile_command):
        _replace(module, "load_network", lambda *_: toy())
    _replace(label_chunks, "LARGEST_CHUNK", 8)
    _replace(training_job, "Checkpoints", functools.partial(training_job.Checkpoints, every=1))
    _replace(reconciliation_folder, "CHUNK_ENTRIES", 1)
    _replace(reproduce, "EXPERIMENTS", (_Draws("first"), _Draws("second")))
    _replace(reproduce, "draw_figure", _draw_nothing)


def _draw_nothing(results: Any, runs: Path, path: Path, seed: int) -> None:
    json.dumps(results)
    figure, _ = new_figure()
    figure.set_dpi(20)
    save_figure(figure, path)


def _replace(module: Any, name: str, value: Any | Callable[..., Any]) -> None:
    if not hasattr(module, name):
        raise AttributeError(f"{module.__name__} has no {name}: look for its new place")
    setattr(module, name, value)
