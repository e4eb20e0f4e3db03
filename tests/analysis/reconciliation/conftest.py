import pytest

from metagnn.network import load_network
from metagnn.network.metabolic_network import MetabolicNetwork


@pytest.fixture(scope="session")
def core() -> MetabolicNetwork:
    return load_network("e_coli_core")
