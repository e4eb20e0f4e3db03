import numpy as np
import pandas as pd
import pytest

from metagnn.network import MetabolicNetwork
from metagnn.studies.measured.media_features import mechanistic_features


@pytest.fixture(scope="module")
def features(core: MetabolicNetwork) -> pd.DataFrame:
    media = pd.DataFrame({"EX_glc__D_e": [0.0, 40.0, 0.0, 40.0], "EX_glu__L_e": [0.0, 0.0, 0.5, 0.5]})
    return mechanistic_features(core, media, np.array([-2.0, -2.1, -2.2, -2.3]))


def test_an_empty_medium_feeds_nobody_although_the_file_offers_glucose(features: pd.DataFrame) -> None:
    assert features.iloc[0].tolist() == [0.0, 0.0, 0.0, 0.0, 0.0, -2.0]


def test_amounts_add_up(features: pd.DataFrame) -> None:
    assert features["carbon"].tolist() == pytest.approx([0.0, 240.0, 2.5, 242.5])
    assert features["electrons"].iloc[1] == pytest.approx(40.0 * 24.0)
    assert features["nutrients"].tolist() == [0, 0, 1, 1]
    assert features["first_log_od"].tolist() == [-2.0, -2.1, -2.2, -2.3]


def test_more_food_never_makes_less(features: pd.DataFrame) -> None:
    for name in ("growth", "batch_yield"):
        assert features[name].iloc[3] >= features[name].iloc[1] > features[name].iloc[0]
    # Nothing is spent on maintenance: half a millimole makes a little biomass.
    assert features["batch_yield"].iloc[2] > 0.0
