import numpy as np
import pytest
import torch

from metagnn.analysis.identifiability import steady_state_tangent
from metagnn.network import MetabolicNetwork
from metagnn.nn import BiomassComposition
from metagnn.studies.benchmarks import identifiability
from metagnn.studies.benchmarks.identifiability import dense_rows, measure_identifiability


def test_agreement_is_counted_and_is_no_matter_of_course(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    found = measure_identifiability(0, lambda done, total: calls.append((done, total)), ("e_coli_core",), 6)
    assert [(row.composition, row.sets, row.agreeing) for row in found] == [("fixed", 3, 3), ("elemental", 3, 3)]
    assert calls == [(done, 6) for done in range(1, 7)]
    assert all(0 < row.readouts_determined <= row.readouts for row in found)
    # A tolerance that takes everything for determined is found out.
    monkeypatch.setattr(steady_state_tangent, "TOLERANCE", 2.0)
    wrong = measure_identifiability(0, lambda done, total: None, ("e_coli_core",), 6)
    assert sum(row.agreeing for row in wrong) == 0


@pytest.mark.parametrize("tolerance", [2.0, 0.0])
def test_without_ranks_of_its_own_every_verdict_needs_a_witness(
    monkeypatch: pytest.MonkeyPatch, tolerance: float
) -> None:
    monkeypatch.setattr(identifiability, "MOST_SINGLE", 0)
    monkeypatch.setattr(identifiability, "RANKED_EVERY", 2)
    found = measure_identifiability(0, lambda done, total: None, ("e_coli_core",), 8)
    assert [row.agreeing for row in found] == [4, 4]
    assert [row.witnesses for row in found] == [4 * 95, 4 * 97]
    assert all(4 <= row.ranks <= 12 for row in found)
    # Everything determined has no combination, and what rounding leaves has no flux.
    monkeypatch.setattr(identifiability, "RANKED_EVERY", 10**6)
    monkeypatch.setattr(steady_state_tangent, "TOLERANCE", tolerance)
    wrong = measure_identifiability(0, lambda done, total: None, ("e_coli_core",), 8)
    assert sum(row.agreeing for row in wrong) <= 1


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
