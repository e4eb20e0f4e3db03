import numpy as np
import pytest

from metagnn.network import MetabolicNetwork
from metagnn.studies.benchmarks.hostile_problems import KINDS, draw_hostile, feasible_fluxes


@pytest.mark.parametrize("kind", KINDS)
def test_problems_come_from_their_seed_and_are_valid_input(core: MetabolicNetwork, kind: str) -> None:
    one, same, other = (draw_hostile(core, kind, 3, seed) for seed in (0, 0, 1))
    assert np.array_equal(one.target, same.target)
    assert np.array_equal(one.lower, same.lower)
    assert not np.array_equal(one.target, other.target)
    assert (one.lower <= one.upper).all()
    assert np.isfinite(one.target).all()
    assert ((one.weight > 0) & np.isfinite(one.weight)).all()


def test_feasible_fluxes_keep_the_laws(core: MetabolicNetwork) -> None:
    flux = feasible_fluxes(core, 20, np.random.default_rng(0))
    assert np.abs(core.stoichiometry.to_scipy() @ flux.T).max() <= 1e-9
    assert ((flux >= core.bounds.lower) & (flux <= core.bounds.upper)).all()
    assert len(np.unique(flux.round(6), axis=0)) == 20
