import dataclasses
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from metagnn.errors import TableError
from metagnn.fba.simulate import simulate_fluxes
from metagnn.inputs.concentration import Concentration
from metagnn.network import MetabolicNetwork
from metagnn.predictor import FluxPredictor

SUBSTRATES = ["EX_glc__D_e", "EX_ac_e"]
LARGEST, HALF = np.array([6.0, 12.0]), np.array([0.3, 3.0])
SHORT = dataclasses.replace(Concentration.training, epochs=150)


@pytest.fixture(scope="module")
def cell(core: MetabolicNetwork) -> tuple[MetabolicNetwork, pd.DataFrame, pd.Series]:
    """Media of none to plenty of two substrates, and growth by Michaelis and Menten."""
    network = core.with_medium({n: up for n, up in core.medium().items() if n not in SUBSTRATES})
    levels = [0.0, 0.3, 1.0, 4.0, 20.0]
    media = pd.DataFrame([(one, other) for one in levels for other in levels if one + other > 0.5], columns=SUBSTRATES)
    growth = simulate_fluxes(network, media * LARGEST / (media + HALF), "fba").growth.fillna(0.0)
    return network, media, growth


def test_growth_between_the_concentrations_of_the_fit(
    cell: tuple[MetabolicNetwork, pd.DataFrame, pd.Series], tmp_path: Path
) -> None:
    network, media, growth = cell
    fitted = FluxPredictor(network, "concentration", training=SHORT).fit(media, growth, progress=False)
    between = pd.DataFrame({"EX_glc__D_e": [0.6, 2.0, 10.0, 10.0], "EX_ac_e": [10.0, 2.0, 0.0, 10.0]})
    truth = simulate_fluxes(network, between * LARGEST / (between + HALF), "fba").growth
    predicted = fitted.predict(between)[network.growth_reaction]
    assert (predicted - truth).abs().max() < 0.1
    # More of a substrate is taken up faster, until it is not.
    uptakes = fitted.uptakes(pd.DataFrame({"EX_glc__D_e": [0.1, 1.0, 1e3, 1e4], "EX_ac_e": 0.0}))["EX_glc__D_e"]
    assert uptakes.diff().dropna().gt(0).all()
    assert uptakes[3] / uptakes[2] < 1.01
    fitted.save(tmp_path / "model")
    loaded = FluxPredictor.load(tmp_path / "model")
    pd.testing.assert_frame_equal(loaded.predict(between), fitted.predict(between), check_exact=True)


def test_a_concentration_below_zero_is_refused(core: MetabolicNetwork) -> None:
    for wrong in (-1.0, np.nan, np.inf):
        with pytest.raises(TableError, match="EX_ac_e"):
            Concentration().read(core, pd.DataFrame({"EX_ac_e": [wrong]}))
