"""Models are loaded once per session; they are frozen, so tests may share them. So is a process to fork from."""

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pytest

from metagnn.network import MetabolicNetwork, load_network
from tests.faults.forked_command import preload


@pytest.fixture(scope="session")
def core() -> MetabolicNetwork:
    return load_network("e_coli_core")


@pytest.fixture(scope="session")
def iJO1366() -> MetabolicNetwork:
    return load_network("iJO1366")


@pytest.fixture(scope="session")
def preloaded() -> Iterator[ProcessPoolExecutor]:
    """A fresh process, without threads, that has imported what commands import: forks of it start in milliseconds."""
    with ProcessPoolExecutor(1, get_context("spawn"), preload) as process:
        yield process
