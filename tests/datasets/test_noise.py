import numpy as np
import pandas as pd
import pytest

from metagnn.datasets.noise import add_white_noise
from metagnn.errors import InputError


def test_noise_is_relative_seeded_and_leaves_gaps_zeros_and_text_alone():
    values = np.tile([100.0, -0.01, 0.0, np.nan], (5000, 1))
    table = pd.DataFrame(values, columns=list("abcd"), index=range(10, 5010))
    table.insert(0, "sample", "x")
    noisy = add_white_noise(table, 0.05, seed=3)
    for name in "ab":
        ratio = noisy[name] / table[name] - 1.0
        assert ratio.std() == pytest.approx(0.05, rel=0.05)
        assert abs(ratio.mean()) < 0.003
    assert abs(noisy["a"].corr(noisy["b"])) < 0.05
    assert (noisy["c"] == 0).all()
    assert noisy["d"].isna().all()
    assert noisy["sample"].equals(table["sample"])
    assert noisy.index.equals(table.index)
    assert noisy.equals(add_white_noise(table, 0.05, seed=3))
    assert not noisy.equals(add_white_noise(table, 0.05, seed=4))
    assert table["a"].eq(100.0).all()


def test_a_gap_does_not_change_the_noise_of_other_cells():
    table = pd.DataFrame({"a": [1.0, 2.0], "b": [3.0, 4.0]})
    gap = table.mask(table == 1.0)
    noisy, with_gap = add_white_noise(table, seed=1), add_white_noise(gap, seed=1)
    assert with_gap.to_numpy().ravel()[1:].tolist() == noisy.to_numpy().ravel()[1:].tolist()


def test_whole_numbers_and_no_noise_and_bad_noise():
    table = pd.DataFrame({"a": [1, 2]})
    assert add_white_noise(table, 0.0)["a"].tolist() == [1.0, 2.0]
    for relative in (-0.1, float("nan")):
        with pytest.raises(InputError, match=r"`relative` is .*expected a finite number ≥ 0"):
            add_white_noise(table, relative)
