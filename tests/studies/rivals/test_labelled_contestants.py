import numpy as np
import pytest

from metagnn.datasets.reference_media import E_COLI_CORE_RANGES
from metagnn.network import MetabolicNetwork
from metagnn.studies.harness.samples import Samples, feasible_samples
from metagnn.studies.rivals import labelled_contestants as contestants
from metagnn.training.config import TrainingConfig


@pytest.fixture(scope="module")
def data(core: MetabolicNetwork) -> tuple[Samples, Samples]:
    return tuple(feasible_samples(core, E_COLI_CORE_RANGES, 40, "min_norm", seed) for seed in (0, 1))  # type: ignore[return-value]


@pytest.mark.parametrize("name", ["mlp", "ridge", "quadratic_ridge", "mean"])
def test_every_baseline_keeps_steady_state(
    core: MetabolicNetwork, data: tuple[Samples, Samples], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(contestants, "MLP_TRAINING", TrainingConfig(epochs=3, bound_weight=0.0))
    train, test = data
    outcome = contestants.CONTESTANTS[name](core, train, test.media, 0)
    assert outcome.fluxes.shape == test.fluxes.shape
    # Linear combinations of balanced training fluxes are balanced; the feed-forward network is projected.
    assert np.abs(core.stoichiometry.to_scipy() @ outcome.fluxes.T).max() < 1e-9


def test_regressions_beat_the_mean(core: MetabolicNetwork, data: tuple[Samples, Samples]) -> None:
    train, test = data
    growth = core.reaction_index(core.growth_reaction)
    errors = {
        name: np.abs(contestants.CONTESTANTS[name](core, train, test.media, 0).fluxes - test.fluxes.to_numpy())[
            :, growth
        ].mean()
        for name in ("quadratic_ridge", "ridge", "mean")
    }
    assert max(errors["quadratic_ridge"], errors["ridge"]) < errors["mean"] / 2
