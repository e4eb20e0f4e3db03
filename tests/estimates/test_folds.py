import numpy as np
import pytest

from metagnn.estimates.folds import MOST_FOLDS, group_codes, leave_out_folds
from tests.estimates.samples import known_samples


@pytest.mark.parametrize("groups", [3, 25])
def test_groups_stay_whole(groups: int) -> None:
    known = known_samples(50)
    names = np.array([f"group {index % groups}" for index in range(50)])
    (folds,) = leave_out_folds(names, known)
    assert len(np.unique(folds)) == min(groups, MOST_FOLDS)
    for name in np.unique(names):
        assert len(np.unique(folds[names == name])) == 1


@pytest.mark.parametrize("groups", [None, np.zeros(20)])
def test_without_groups_one_partition_is_random_and_one_extrapolates(groups: np.ndarray | None) -> None:
    known = known_samples(20)
    random, blocks = leave_out_folds(groups, known)
    assert sorted(np.bincount(random)) == sorted(np.bincount(blocks)) == [4] * 5
    # Along the size, which follows the main direction of the inputs here, blocks are further apart than random folds.
    between = [np.var([known.size[folds == fold].mean() for fold in range(5)]) for folds in (blocks, random)]
    assert between[0] > between[1]


def test_codes_follow_the_first_appearance() -> None:
    codes = group_codes(np.array(["b", "a", "b"]), 3)
    assert codes is not None
    assert codes.tolist() == [0, 1, 0]
