"""Models are loaded once per session; they are frozen, so tests may share them."""

import pytest

from metagnn.network import MetabolicNetwork, load_network


@pytest.fixture(scope="session")
def core() -> MetabolicNetwork:
    return load_network("e_coli_core")


@pytest.fixture(scope="session")
def iJO1366() -> MetabolicNetwork:
    return load_network("iJO1366")
