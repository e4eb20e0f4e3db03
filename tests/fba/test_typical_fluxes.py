import warnings

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from metagnn.datasets import uniform_media
from metagnn.datasets.reference_media import E_COLI_CORE_RANGES
from metagnn.fba import simulate_fluxes
from metagnn.fba.typical_fluxes import typical_fluxes
from metagnn.network import MetabolicNetwork
from metagnn.optimize import LinearProgram


def random_media(network: MetabolicNetwork, seed: int, samples: int = 8) -> tuple[np.ndarray, np.ndarray]:
    """Media of the exchanges; some samples go without a reaction."""
    rng = np.random.default_rng(seed)
    lower, upper = network.uptake_bounds(network.exchanges, rng.uniform(0, 5, (samples, len(network.exchanges))))
    closed = rng.random(lower.shape) < 0.05
    lower[closed] = upper[closed] = 0.0
    return lower, upper


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 100_000))
# A reaction that can carry nothing, but must in some samples.
@example(seed=16447)
def test_growth_is_maximal_and_no_flux_of_it_is_smaller(make_random_network, seed: int):
    network = make_random_network(seed)
    lower, upper = random_media(network, seed)
    fluxes, rows = typical_fluxes(network, lower, upper)
    S = network.stoichiometry.to_scipy()
    growth = np.eye(len(network.reactions))[-1]
    # The same by one program of its own: v is positive plus negative parts, of which the sum is least.
    split = np.hstack([S.toarray(), -S.toarray()])
    solved = []
    for row in range(len(lower)):
        best = LinearProgram(S, growth).solve(lower[row], upper[row])
        if best.status != "optimal":
            continue
        solved.append(row)
        low, high = lower[row].copy(), upper[row].copy()
        low[-1] = max(low[-1], best.objective - 1e-9)
        parts = np.concatenate([np.maximum(low, 0), np.maximum(-high, 0)])
        most = np.concatenate([np.maximum(high, 0), np.maximum(-low, 0)])
        least = LinearProgram(split, np.ones(2 * len(growth)), sense="min").solve(parts, most)
        v = fluxes[rows == row]
        assert v[0, -1] == pytest.approx(best.objective, abs=1e-7)
        assert np.abs(v).sum() == pytest.approx(least.objective, abs=1e-6)
        assert np.abs(S @ v[0]).max() < 1e-7
        assert np.all((v >= lower[row] - 1e-7) & (v <= upper[row] + 1e-7))
    assert rows.tolist() == solved


def test_they_are_the_parsimonious_labels_of_core(core: MetabolicNetwork):
    media = uniform_media(E_COLI_CORE_RANGES, 30, seed=2)
    lower, upper = core.uptake_bounds(list(media.columns), media.to_numpy())
    fluxes, rows = typical_fluxes(core, lower, upper)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        labels = simulate_fluxes(core, media, "pfba")
    assert rows.tolist() == np.flatnonzero(labels.feasible.to_numpy()).tolist()
    # Parsimonious fluxes of core are unique.
    assert np.allclose(fluxes, labels.fluxes.to_numpy()[rows], rtol=0, atol=1e-6)


@pytest.mark.parametrize(("samples", "most", "expected"), [(20, 3, [0, 10, 19]), (3, 100, [0, 1, 2]), (5, 1, [0])])
def test_at_most_some_rows_are_taken_evenly(core: MetabolicNetwork, samples: int, most: int, expected: list[int]):
    lower, upper = (np.tile(bound, (samples, 1)) for bound in (core.bounds.lower, core.bounds.upper))
    fluxes, rows = typical_fluxes(core, lower, upper, most)
    assert np.abs(rows - expected).max() <= 1
    assert fluxes.shape == (len(expected), 95)
    # All rows are alike here, and so are their fluxes.
    assert np.allclose(fluxes, fluxes[0], rtol=0, atol=1e-7)


def test_rows_without_an_optimum_are_left_out(core: MetabolicNetwork):
    lower, upper = (np.tile(bound, (4, 1)) for bound in (core.bounds.lower, core.bounds.upper))
    maintenance = core.reaction_index("ATPM")
    lower[[0, 2], maintenance] = 900.0
    fluxes, rows = typical_fluxes(core, lower, upper)
    assert rows.tolist() == [1, 3]
    assert np.isfinite(fluxes).all()
    lower[:, maintenance] = 900.0
    fluxes, rows = typical_fluxes(core, lower, upper)
    assert (fluxes.shape, rows.tolist()) == ((0, 95), [])
