import numpy as np
import pandas as pd

from metagnn.network import MetabolicNetwork
from metagnn.studies.harness.samples import Samples
from metagnn.studies.rivals.problem import QUICK, Effort, Problem

MEDIA = pd.DataFrame({"EX_o2_e": [3.0, 4.0], "EX_glc__D_e": [1.0, 2.0]})


def test_targets_stand_in_the_columns_of_their_reactions(core: MetabolicNetwork) -> None:
    fluxes = pd.DataFrame({"PGI": [0.5, 0.6], core.growth_reaction: [0.1, 0.2]})
    batch = Problem(core, Samples(MEDIA, fluxes), QUICK).batch()
    observed = pd.DataFrame(batch.observed.numpy(), columns=list(core.reactions))
    pd.testing.assert_frame_equal(observed[list(fluxes)], fluxes)
    assert observed.drop(columns=list(fluxes)).isna().all(axis=None)
    for name in MEDIA:
        np.testing.assert_array_equal(batch.conditions.lower[:, core.reaction_index(name)], -MEDIA[name])


def test_nothing_predicted_is_nan(core: MetabolicNetwork) -> None:
    filled = Problem(core, Samples(MEDIA, MEDIA), Effort()).fill([], np.empty((3, 0)))
    assert filled.shape == (3, 95)
    assert np.isnan(filled).all()
