import numpy as np
import pandas as pd
import pytest
import torch

from metagnn.analysis import reduced_costs
from metagnn.analysis.growth_limits.growth_gradients import growth_gradients
from metagnn.analysis.growth_limits.limiting_bounds import bottlenecks
from metagnn.datasets import uniform_media
from metagnn.fba import simulate_fluxes
from metagnn.models import FluxGNN, FluxGNNConfig
from metagnn.network import MetabolicNetwork
from metagnn.predictor import FluxPredictor
from metagnn.training import TrainingConfig

RANGES = {"EX_glc__D_e": (3.0, 10.0), "EX_o2_e": (5.0, 20.0)}


@pytest.fixture(scope="module")
def predictor(core: MetabolicNetwork) -> FluxPredictor:
    media = uniform_media(RANGES, 60, seed=0)
    training = TrainingConfig(epochs=40)
    return FluxPredictor(core, training=training).fit(media, simulate_fluxes(core, media).fluxes, progress=False)


@pytest.mark.parametrize("constraint", ["steady_state", "polytope"])
def test_the_gradient_is_the_difference_of_predicted_growth(core: MetabolicNetwork, constraint: str):
    torch.manual_seed(0)
    model = FluxGNN(core, list(RANGES), constraint, FluxGNNConfig(hidden_channels=4, num_layers=1, steps=12)).eval()
    model = model.double()
    lower, upper = core.uptake_bounds(list(RANGES), np.array([[9.0, 14.0], [5.0, 11.0], [7.0, 20.0]]))
    step = 1e-4
    upper[:, core.reaction_index("PGI")] = 3.0
    found = growth_gradients(model, lower, upper)
    # Bounds of 1000 are left out: the model takes them for none, and below them for some.
    for name, array, gradient in (
        *((name, lower, found.lower) for name in (*RANGES, "ATPM")),
        ("PGI", upper, found.upper),
    ):
        index, growths = core.reaction_index(name), []
        for move in (step, -step):
            array[:, index] += move
            growths.append(growth_gradients(model, lower, upper).growth)
            array[:, index] -= move
        assert gradient[:, index] == pytest.approx((growths[0] - growths[1]) / (2 * step), abs=1e-5)


def test_a_trained_model_knows_what_the_nutrients_are_worth(core: MetabolicNetwork, predictor: FluxPredictor):
    media = uniform_media(RANGES, 40, seed=1)
    lower, upper = core.uptake_bounds(list(media.columns), media.to_numpy())
    columns = [core.reaction_index(name) for name in RANGES]
    learned = growth_gradients(predictor.model, lower, upper)
    program = reduced_costs(core, media).to_numpy()[:, columns]
    error = np.abs(learned.lower[:, columns] - program)
    # A smooth model rounds the kinks of the program off; nine in ten media are on one side of them.
    assert np.median(error) < 0.15 * np.abs(program).mean()
    assert np.corrcoef(learned.lower[:, columns].ravel(), program.ravel())[0, 1] > 0.8
    assert learned.growth == pytest.approx(predictor.predict(media)[core.growth_reaction].to_numpy(), abs=1e-5)


def test_the_table_has_the_model_s_gradient_beside_the_program_s(core: MetabolicNetwork, predictor: FluxPredictor):
    media = pd.DataFrame({"EX_glc__D_e": [10.0], "EX_o2_e": [12.0]})
    table = bottlenecks(core, media, predictor.model)
    nutrients = table[table["kind"] == "nutrient"]
    assert nutrients["model_gradient"].to_numpy() == pytest.approx(nutrients["gain"].to_numpy(), rel=0.5)
