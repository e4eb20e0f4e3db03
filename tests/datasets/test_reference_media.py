import numpy as np
import pytest

from metagnn.datasets.media import uniform_media
from metagnn.datasets.reference_media import E_COLI_CORE_RANGES, IJO1366_RANGES
from metagnn.fba.simulate import simulate_fluxes


@pytest.mark.filterwarnings("ignore:.*media are infeasible")
@pytest.mark.parametrize(("name", "ranges"), [("core", E_COLI_CORE_RANGES), ("iJO1366", IJO1366_RANGES)])
def test_almost_every_medium_feeds_growth_and_growth_varies(request, name, ranges):
    network = request.getfixturevalue(name)
    growth = simulate_fluxes(network, uniform_media(ranges, 60, seed=1), "fba").growth
    assert growth.notna().mean() >= 0.95
    assert growth.std() > 0.2 * growth.mean()
    assert np.nanmin(growth) > 0.0
