"""Toy networks, small enough to solve by hand or by another route."""

from collections.abc import Callable

import numpy as np
import pytest

from metagnn.network import FluxBounds, Incidence, MetabolicNetwork, Metabolite, Reaction


def build(matrix: np.ndarray, lower: np.ndarray, upper: np.ndarray, exchanges: int) -> MetabolicNetwork:
    """A network whose first columns are exchanges and whose last column grows."""
    rows, columns = matrix.shape
    metabolites = [f"m{row}" for row in range(rows)]
    reactions = (*(f"EX_{column}" for column in range(exchanges)), *(f"r{c}" for c in range(exchanges, columns)))
    return MetabolicNetwork(
        id="toy",
        stoichiometry=Incidence.from_dense(matrix, metabolites, reactions),
        bounds=FluxBounds(reactions, lower, upper),
        objective={reactions[-1]: 1.0},
        exchanges=reactions[:exchanges],
        metabolite_table=tuple(Metabolite(name) for name in metabolites),
        reaction_table=tuple(Reaction(name) for name in reactions),
    )


def random_network(seed: int) -> MetabolicNetwork:
    """Three exchanges, sparse small integers, sometimes a row that depends on another."""
    rng = np.random.default_rng(seed)
    rows, columns = int(rng.integers(3, 8)), int(rng.integers(9, 18))
    matrix = rng.integers(-2, 3, (rows, columns)) * (rng.random((rows, columns)) < 0.45).astype(float)
    matrix[:, :3] = 0.0
    matrix[:3, :3] = -np.eye(3)
    if rng.random() < 0.4:
        matrix[-1] = matrix[0] - matrix[1]
    lower = np.where(rng.random(columns) < 0.5, 0.0, -10.0)
    lower[rng.random(columns) < 0.1] = 1.0
    return build(matrix, lower, np.full(columns, 10.0), exchanges=3)


@pytest.fixture(scope="session")
def make_network() -> Callable[..., MetabolicNetwork]:
    return build


@pytest.fixture(scope="session")
def make_random_network() -> Callable[[int], MetabolicNetwork]:
    return random_network
