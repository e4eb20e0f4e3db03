import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metagnn.analysis.identifiability.column_space import column_space, column_spaces


def deficient(rng: np.random.Generator, rows: int, columns: int, rank: int) -> np.ndarray:
    return rng.normal(size=(rows, rank)) @ rng.normal(size=(rank, columns))


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000), rank=st.integers(0, 4))
def test_it_is_orthonormal_as_wide_as_the_rank_and_explains_every_column(seed, rank):
    matrix = deficient(np.random.default_rng(seed), 7, 4, rank)
    space = column_space(matrix)
    assert space.shape == (7, rank)
    assert space.T @ space == pytest.approx(np.eye(rank), abs=1e-12)
    assert space @ (space.T @ matrix) == pytest.approx(matrix, abs=1e-9)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000), ranks=st.lists(st.integers(0, 4), min_size=1, max_size=5))
def test_many_at_once_project_as_each_alone_and_count_their_ranks(seed, ranks):
    rng = np.random.default_rng(seed)
    matrices = np.array([deficient(rng, 7, 4, rank) for rank in ranks])
    spaces, total = column_spaces(matrices)
    assert total == sum(ranks)
    for matrix, space in zip(matrices, spaces, strict=True):
        alone = column_space(matrix)
        assert space @ space.T == pytest.approx(alone @ alone.T, abs=1e-9)


def test_a_gap_explains_nothing():
    matrices = np.ones((2, 3, 2)) * np.array([[1.0], [0.0], [1.0]])
    spaces, total = column_spaces(matrices)
    assert total == 2
    assert np.abs(spaces[:, 1]).max() == 0.0
