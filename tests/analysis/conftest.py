import numpy as np
import pytest

from metagnn.datasets import uniform_media
from metagnn.fba import simulate_fluxes
from metagnn.network import MetabolicNetwork
from metagnn.nn import BiomassComposition

RANGES = {"EX_glc__D_e": (1, 10), "EX_gln__L_e": (0.5, 5), "EX_o2_e": (3, 20)}


def flux_balance(network: MetabolicNetwork) -> np.ndarray:
    return simulate_fluxes(network, uniform_media(RANGES, 12), "fba").fluxes.to_numpy()


@pytest.fixture(scope="session")
def true_fluxes(core: MetabolicNetwork) -> np.ndarray:
    """Fluxes of twelve media by flux balance analysis, without noise."""
    return flux_balance(core)


@pytest.fixture(scope="session")
def other_fluxes(core: MetabolicNetwork) -> np.ndarray:
    """The same of a biomass with 36 mmol/gDW of carbon and 7 of nitrogen."""
    composition = BiomassComposition(core, "elemental")
    composition.reset_contents(36.0, 7.0)
    return flux_balance(core.with_biomass(composition.column().detach().numpy()))
