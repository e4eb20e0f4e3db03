import numpy as np
import pandas as pd
import pytest

from metagnn.datasets.reference_media import E_COLI_CORE_RANGES
from metagnn.errors import TableError
from metagnn.network import MetabolicNetwork
from metagnn.studies.harness.samples import SampleStore, feasible_samples


def test_samples_are_feasible_complete_and_seeded(core: MetabolicNetwork) -> None:
    samples = feasible_samples(core, E_COLI_CORE_RANGES, 150, "min_norm", seed=3)
    assert samples.media.shape == (150, 5)
    assert samples.fluxes.shape == (150, 95)
    assert np.abs(core.stoichiometry.to_scipy() @ samples.fluxes.to_numpy().T).max() < 1e-9
    lower, _ = core.uptake_bounds(list(samples.media.columns), samples.media.to_numpy())
    assert (samples.fluxes.to_numpy() >= lower - 1e-9).all()
    again = feasible_samples(core, E_COLI_CORE_RANGES, 150, "min_norm", seed=3)
    pd.testing.assert_frame_equal(samples.media, again.media)
    pd.testing.assert_frame_equal(samples.fluxes, again.fluxes)
    other = feasible_samples(core, E_COLI_CORE_RANGES, 150, "min_norm", seed=4)
    assert not np.allclose(samples.media, other.media)


def test_hopeless_media_are_refused(core: MetabolicNetwork) -> None:
    with pytest.raises(TableError, match="more than half of 20 media are infeasible on e_coli_core"):
        feasible_samples(core, {"EX_glc__D_e": (0.0, 0.01)}, 10, "min_norm", seed=0)


def test_a_store_makes_each_draw_once(core: MetabolicNetwork) -> None:
    store, ranges = SampleStore(), {"EX_glc__D_e": (5.0, 10.0)}
    samples = store.samples("e_coli_core", ranges, 4, "min_norm", 0)
    pd.testing.assert_frame_equal(samples.fluxes, feasible_samples(core, ranges, 4, "min_norm", 0).fluxes)
    assert store.network("e_coli_core") is store.network("e_coli_core")
    assert store.samples("e_coli_core", dict(ranges), 4, "min_norm", 0) is samples
    for other in (
        (ranges, 4, "min_norm", 1),
        (ranges, 5, "min_norm", 0),
        (ranges, 4, "fba", 0),
        ({"EX_glc__D_e": (5.0, 9.0)}, 4, "min_norm", 0),
    ):
        assert store.samples("e_coli_core", *other) is not samples
