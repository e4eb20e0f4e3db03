import numpy as np
import pandas as pd
import pytest

from metagnn.analysis.identifiability.steady_state_ranges import typical_flux
from metagnn.errors import InputError
from metagnn.models import FluxGNNConfig
from metagnn.network import MetabolicNetwork
from metagnn.predictor import FluxPredictor
from metagnn.training import TrainingConfig

SHORT = {"config": FluxGNNConfig(hidden_channels=4, num_layers=1, steps=3), "training": TrainingConfig(epochs=2)}
LAWS = ["max_abs_sv", "max_bound_violation", "status", "co2_readout", "co2_exchange"]


@pytest.fixture(scope="module")
def fluxes(core: MetabolicNetwork) -> pd.DataFrame:
    return pd.DataFrame([typical_flux(core, seed) for seed in range(6)], columns=list(core.reactions))


def test_measured_rates_are_diagnosed_by_readout(core: MetabolicNetwork, fluxes: pd.DataFrame):
    rates = fluxes[[name for name in core.exchanges if name not in ("EX_co2_e", "EX_o2_e", "EX_h2o_e")]]
    growth = fluxes[[core.growth_reaction]]
    with pytest.warns(UserWarning, match="do not determine alpha"):
        model = FluxPredictor(core, "rates", composition="elemental", **SHORT).fit(rates, growth, progress=False)
    found = model.diagnose(rates)
    assert list(found.columns[:5]) == LAWS
    assert found["co2"].isna().all()
    assert found["alpha"].isna().all()
    assert found["to_measure"].str.contains("measure EX_o2_e").all()
    assert model.predict(rates).notna().all(axis=None)
    assert found["co2_exchange"].notna().all()
    # Without growth among the inputs, phosphate still tells it.
    assert found["growth"].tolist() == model.predict(rates)[core.growth_reaction].tolist()
    given = model.diagnose(rates, prior={"alpha": 40.0})
    assert given["co2"].notna().all()
    assert given["alpha"].eq(40.0).all()
    gaps = rates.copy()
    gaps.loc[2, ["EX_pi_e", "EX_h_e", "EX_nh4_e"]] = np.nan
    assert model.diagnose(gaps, prior={"alpha": 40.0})["growth"].isna().tolist() == [False, False, True] + [False] * 3
    with pytest.raises(InputError, match="`prior`: 'carbon' is no readout"):
        model.diagnose(rates, prior={"carbon": 40.0})


def test_limits_of_uptake_are_no_measurements(core: MetabolicNetwork):
    media = pd.DataFrame({"EX_glc__D_e": np.linspace(5, 10, 6)})
    labels = pd.DataFrame({core.growth_reaction: np.linspace(0.4, 0.8, 6)})
    model = FluxPredictor(core, **SHORT).fit(media, labels, progress=False)
    assert list(model.diagnose(media).columns) == [*LAWS, "novelty"]
