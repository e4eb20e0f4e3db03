import numpy as np

from metagnn.studies.measured.flux_case import leave_groups_out


def test_every_group_is_left_out_once_and_whole() -> None:
    groups = np.array(["b", "a", "b", "c"])
    folds = leave_groups_out(groups)
    assert len(folds) == 3
    assert sorted(row for _, test in folds for row in test) == [0, 1, 2, 3]
    for train, test in folds:
        assert not set(groups[train]) & set(groups[test])
        assert len(train) + len(test) == 4
