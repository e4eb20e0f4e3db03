"""Networks, media and predictors that several checks share; each is made when it is first used."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import pandas as pd

from metagnn.datasets.media import uniform_media
from metagnn.datasets.reference_media import E_COLI_CORE_RANGES
from metagnn.fba.simulate import simulate_fluxes
from metagnn.network.from_cobra import load_network
from metagnn.network.metabolic_network import MetabolicNetwork
from metagnn.predictor import FluxPredictor
from metagnn.training.config import TrainingConfig

TRAINING_MEDIA = 40


@dataclass(frozen=True, eq=False)
class Cases:
    """What checks share.

    Attributes:
        seed: Seed of everything random.
        folder: Empty folder for files; removed after the checks.
        share: Share of the usual number of cases to try.
        ranges: Largest uptakes of random media of `core` [mmol/gDW/h].
    """

    seed: int
    folder: Path
    share: float = 1.0
    ranges: Mapping[str, tuple[float, float]] = field(default_factory=E_COLI_CORE_RANGES.copy)

    def count(self, usual: int) -> int:
        """Return how many cases to try, at least 4."""
        return max(round(usual * self.share), 4)

    @cached_property
    def core(self) -> MetabolicNetwork:
        """e_coli_core."""
        return load_network("e_coli_core")

    @cached_property
    def large(self) -> MetabolicNetwork:
        """iJO1366."""
        return load_network("iJO1366")

    def media(self, samples: int, seed: int = 0) -> pd.DataFrame:
        """Return random media of e_coli_core, largest uptakes [mmol/gDW/h]."""
        return uniform_media(self.ranges, samples, seed=1000 * self.seed + seed)

    @cached_property
    def polytope(self) -> FluxPredictor:
        """A predictor of e_coli_core with the constraint "polytope"."""
        return self._trained("polytope")

    @cached_property
    def steady_state(self) -> FluxPredictor:
        """A predictor of e_coli_core with the constraint "steady_state"."""
        return self._trained("steady_state")

    def _trained(self, constraint: str) -> FluxPredictor:
        media = self.media(TRAINING_MEDIA)
        # One epoch: the promises hold for any weights.
        training = TrainingConfig(epochs=1, accelerator="cpu")
        predictor = FluxPredictor(self.core, constraint=constraint, seed=self.seed, training=training)
        return predictor.fit(media, simulate_fluxes(self.core, media).fluxes, progress=False)
