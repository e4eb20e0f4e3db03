from collections.abc import Callable

import numpy as np
import pytest
import torch

from metagnn.analysis.identifiability import steady_state_tangent
from metagnn.network import MetabolicNetwork
from metagnn.nn import BiomassComposition
from metagnn.studies.benchmarks import identifiability
from metagnn.studies.benchmarks.identifiability import COMPOSITIONS, Identifiability, dense_rows
from metagnn.studies.harness.experiment import Scores


@pytest.fixture
def count(core: MetabolicNetwork) -> Callable[[int], list[Scores]]:
    """The counts of both compositions, so many sets each."""
    return lambda sets: [Identifiability("e_coli_core", sets).run(c, core, 0).scores for c in COMPOSITIONS]


def test_agreement_is_counted_and_is_no_matter_of_course(
    count: Callable[[int], list[Scores]], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = count(3)
    assert [(scores["sets"], scores["agreeing"]) for scores in found] == [(3, 3), (3, 3)]
    assert all(0 < scores["readouts_determined"] <= scores["readouts"] for scores in found)
    # A tolerance that takes everything for determined is found out.
    monkeypatch.setattr(steady_state_tangent, "TOLERANCE", 2.0)
    assert sum(scores["agreeing"] for scores in count(3)) == 0


@pytest.mark.parametrize("tolerance", [2.0, 0.0])
def test_without_ranks_of_its_own_every_verdict_needs_a_witness(
    count: Callable[[int], list[Scores]], monkeypatch: pytest.MonkeyPatch, tolerance: float
) -> None:
    monkeypatch.setattr(identifiability, "MOST_SINGLE", 0)
    monkeypatch.setattr(identifiability, "RANKED_EVERY", 2)
    found = count(4)
    assert [scores["agreeing"] for scores in found] == [4, 4]
    assert [scores["witnesses"] for scores in found] == [4 * 95, 4 * 97]
    assert all(4 <= scores["ranks"] <= 12 for scores in found)
    # Everything determined has no combination, and what rounding leaves has no flux.
    monkeypatch.setattr(identifiability, "RANKED_EVERY", 10**6)
    monkeypatch.setattr(steady_state_tangent, "TOLERANCE", tolerance)
    assert sum(scores["agreeing"] for scores in count(4)) <= 1


def test_counts_add_up_over_the_seeds() -> None:
    runs = {"fixed": [dict.fromkeys(identifiability.COUNTS, number) for number in (1, 2, 4)]}
    (sums,) = Identifiability("net").results(runs)["agreement"]["net"].values()
    assert sums == dict.fromkeys(identifiability.COUNTS, 7)


def test_dense_rows_are_the_derivatives_of_steady_state(core: MetabolicNetwork) -> None:
    biomass = BiomassComposition(core, "elemental")
    biomass.raw.data.copy_(torch.tensor([0.1, -0.1]))
    balance, quantities = dense_rows(core, biomass, growth=0.3)
    flux = np.random.default_rng(0).normal(size=95)
    flux[biomass.growth_index] = 0.3

    def residual(raw: np.ndarray) -> np.ndarray:
        biomass.raw.data.copy_(torch.from_numpy(raw))
        return core.with_biomass(biomass.column().detach().numpy()).stoichiometry.to_dense().numpy() @ flux

    for parameter in range(2):
        step = 1e-6 * np.eye(2)[parameter]
        slope = (residual(np.array([0.1, -0.1]) + step) - residual(np.array([0.1, -0.1]) - step)) / 2e-6
        assert balance[:, 95 + parameter] == pytest.approx(slope, abs=1e-6)
    assert quantities.shape == (97, 97)
