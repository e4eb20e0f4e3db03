"""FluxLearning: learn measured fluxes, and predict those of samples of a kind that was not seen."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from metagnn.studies.harness.experiment import Run, Scores
from metagnn.studies.harness.samples import SampleStore
from metagnn.studies.measured.flux_case import FluxCase
from metagnn.studies.measured.flux_scores import groups_won, try_contestant
from metagnn.studies.measured.measured_set import OURS, AbstractMeasuredSet
from metagnn.studies.rivals.measured_fluxes import FLUX_RIVALS, FluxRival
from metagnn.studies.rivals.measured_predictor import QUICK_EFFORT, PredictorEffort, fit_predictor

QUICK_FOLDS = 2

CaseMaker = Callable[[SampleStore, "FluxLearning", int], FluxCase]
"""From networks, the set and a seed to samples and splits."""


@dataclass(frozen=True, eq=False)
class FluxLearning(AbstractMeasuredSet):
    """Learn measured fluxes: rivals, FluxPredictor, and FluxGNN alone.

    Attributes:
        make: Makes samples and splits.
        kinds: Kinds of inputs that FluxPredictor gets.
        alone: Kinds of inputs that FluxGNN alone gets.
        effort: How much work FluxGNN may put in.
        bars: Contestants whose best is to be beaten in every group of the split `by_group`.
        by_group: Split whose errors are shown group by group; empty for none.
    """

    make: CaseMaker = dataclasses.field(kw_only=True)
    kinds: tuple[str, ...] = ("max_uptake", "rates")
    alone: tuple[str, ...] = ("max_uptake",)
    effort: PredictorEffort = dataclasses.field(default_factory=PredictorEffort)
    bars: tuple[str, ...] = ()
    by_group: str = ""

    def contestants(self, size: str) -> tuple[str, ...]:
        """All rivals, and ours with every kind of inputs."""
        return (*FLUX_RIVALS, *self._ours())

    def quick(self) -> FluxLearning:
        """Train hardly anything, on few folds."""
        return dataclasses.replace(self, small=True, effort=QUICK_EFFORT)

    def choices(self) -> dict[str, Any]:
        """Sizes and training of FluxGNN."""
        return {"effort": dataclasses.asdict(self.effort), "inputs": list(self.kinds)}

    def data(self, store: SampleStore, seed: int) -> FluxCase:
        """Make samples and splits; measured ones are the same for every seed."""
        case = self.make(store, self, seed)
        if not self.small:
            return case
        return dataclasses.replace(case, splits={name: folds[:QUICK_FOLDS] for name, folds in case.splits.items()})

    def run(self, contestant: str, data: FluxCase, seed: int) -> Run:
        """Train on every fold of every split, and score."""
        rival = (FLUX_RIVALS | self._ours())[contestant]
        return Run(try_contestant(data, rival, seed, self.by_group))

    def results(self, runs: Mapping[str, Sequence[Scores]]) -> dict[str, Any]:
        """Median and range of every metric; and where errors are shown by group, in how many the bars are beaten."""
        if self.by_group:
            groups_won(runs, self.bars, self.by_group)
        return super().results(runs)

    def _ours(self) -> dict[str, FluxRival]:
        found: dict[str, FluxRival] = {
            f"{OURS}, {kind}": partial(fit_predictor, kind=kind, effort=self.effort) for kind in self.kinds
        }
        for kind in self.alone:
            found[f"{OURS}, FluxGNN alone, {kind}"] = partial(fit_predictor, kind=kind, effort=self.effort, alone=True)
        return found
