import numpy as np
import pandas as pd

from metagnn.network import MetabolicNetwork
from metagnn.studies.harness.measured_curves import MeasuredCurves
from metagnn.studies.rivals.medium_regressor import medium_regressor


def test_it_answers_traits_curves_and_intervals(core: MetabolicNetwork) -> None:
    rng = np.random.default_rng(0)
    names = ["EX_glc__D_e", "EX_fru_e", "EX_glu__L_e", "EX_mal__L_e"]
    media = pd.DataFrame((rng.random((24, 4)) < 0.6) * 5.0, columns=names)
    height = (media > 0).sum(axis=1).to_numpy()
    curves = -2.0 + np.outer(height, np.linspace(0.0, 0.5, 6)) + rng.normal(0, 0.02, (24, 6))
    traits = pd.DataFrame({"final_log_od": curves[:, -1], "largest_rate": 0.1 * height, "lag": -1.0 * height})
    first = pd.DataFrame({"first_log_od": curves[:, 0]})
    groups = np.where(media["EX_glc__D_e"] > 0, "glucose", "none")
    samples = MeasuredCurves(core, media, first, curves, traits, groups, np.zeros(4, dtype=bool))
    train, test = samples.rows(np.arange(18)), samples.rows(np.arange(18, 24))
    answer = medium_regressor(train, 0)(test.unmeasured())
    assert answer.curves is not None
    assert answer.traits is not None
    assert answer.low is not None
    assert answer.high is not None
    assert answer.curves.shape == (6, 6)
    assert answer.traits.shape == (6, 3)
    assert (answer.low <= answer.high).all()
