import numpy as np
import pandas as pd
import pytest

from metagnn.network import MetabolicNetwork
from metagnn.studies.harness.measured_curves import MeasuredCurves, building_blocks


@pytest.fixture
def samples(core: MetabolicNetwork) -> MeasuredCurves:
    media = pd.DataFrame({"EX_glc__D_e": [44.0, 0.0], "EX_glu__L_e": [0.0, 0.5]})
    traits = pd.DataFrame({"final_log_od": [0.3, -1.0]})
    curves = np.array([[-2.0, -1.0, 0.3], [-2.0, -1.5, -1.0]])
    groups = np.array(["glucose", "none"])
    return MeasuredCurves(core, media, media * 2.0, curves, traits, groups, building_blocks(media), before=1)


def test_presence_and_blocks_tell_nutrients_apart(samples: MeasuredCurves) -> None:
    assert samples.presence.tolist() == [[1.0, 0.0], [0.0, 1.0]]
    assert samples.blocks.tolist() == [False, True]


def test_rows_select_everything(samples: MeasuredCurves) -> None:
    second = samples.rows(np.array([1]))
    assert second.media["EX_glu__L_e"].tolist() == [0.5]
    assert second.mechanistic["EX_glu__L_e"].tolist() == [1.0]
    assert second.curves.tolist() == [[-2.0, -1.5, -1.0]]
    assert second.groups.tolist() == ["none"]
    assert second.blocks.tolist() == [False, True]


def test_only_the_known_beginning_of_a_curve_is_shown(samples: MeasuredCurves) -> None:
    hidden = samples.unmeasured()
    assert hidden.curves[:, 0].tolist() == [-2.0, -2.0]
    assert np.isnan(hidden.curves[:, 1:]).all()
    assert hidden.traits.isna().all(axis=None)
    assert not np.isnan(samples.curves).any()
