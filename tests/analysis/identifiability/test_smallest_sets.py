from itertools import combinations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from metagnn.analysis.identifiability.smallest_sets import SmallestSets


def spans(members: np.ndarray, target: np.ndarray) -> bool:
    if not len(members):
        return False
    rank = np.linalg.matrix_rank(members)
    return bool(np.linalg.matrix_rank(np.vstack([members, target])) == rank)


@settings(max_examples=150, deadline=None)
@given(seed=st.integers(0, 100_000))
def test_sets_are_as_small_as_a_search_of_all_subsets_finds(seed):
    random = np.random.default_rng(seed)
    # Small whole numbers: parallel, zero and dependent rows all occur.
    candidates = random.integers(-1, 2, (7, 4)).astype(float)
    target = random.integers(-1, 2, 4).astype(float)
    target[random.integers(4)] += 3.0
    found = SmallestSets(candidates).find_sets(target)
    best = next((n for n in range(1, 8) for c in combinations(candidates, n) if spans(np.array(c), target)), 0)
    assert bool(found) == bool(best)
    for members in found:
        assert len(set(members)) == len(members)
        assert spans(candidates[list(members)], target)
        if best <= 2:
            assert len(members) == best
        for member in members:
            assert not spans(candidates[[i for i in members if i != member]], target)


def test_without_candidates_there_is_no_set():
    assert SmallestSets(np.zeros((0, 3))).find_sets(np.ones(3)) == []
    assert SmallestSets(np.zeros((2, 3))).find_sets(np.ones(3)) == []


def test_equivalent_measurements_are_all_named_in_their_order():
    candidates = np.array([[0.0, 1.0], [2.0, 0.0], [-1.0, 0.0], [1.0, 0.0], [5.0, 0.0]])
    assert SmallestSets(candidates).find_sets(np.array([1.0, 0.0])) == [(1,), (2,), (3,)]
    assert SmallestSets(candidates).find_sets(np.array([1.0, 0.0]), most=1) == [(1,)]
