import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metagnn.datasets.splits import random_split, range_split
from metagnn.errors import InputError, TableError


@settings(max_examples=40, deadline=None)
@given(samples=st.integers(2, 300), fraction=st.floats(0.001, 0.999), seed=st.integers(0, 100))
def test_random_split_divides_every_sample_once(samples, fraction, seed):
    train, test = random_split(samples, fraction, seed)
    assert len(train) >= 1
    assert len(test) >= 1
    assert np.array_equal(np.sort(np.concatenate([train, test])), np.arange(samples))
    assert abs(len(test) - samples * fraction) <= 1
    again = random_split(samples, fraction, seed)
    assert np.array_equal(test, again[1])


def test_seeds_differ():
    assert not np.array_equal(random_split(100, seed=0)[1], random_split(100, seed=1)[1])


def test_range_split_extrapolates():
    media = pd.DataFrame({"EX_a": np.linspace(0, 10, 21)})
    train, test = range_split(media, "EX_a", 3.0)
    assert media["EX_a"][train].max() < 3.0 <= media["EX_a"][test].min()
    assert len(train) + len(test) == 21


def test_bad_input_is_named():
    media = pd.DataFrame({"EX_a": [1.0, 2.0]})
    with pytest.raises(InputError, match="`samples` is 1; expected at least 2"):
        random_split(1)
    with pytest.raises(InputError, match=r"`test_fraction` is 1\.0"):
        random_split(5, 1.0)
    with pytest.raises(TableError, match="'EX_aa' is no column of the media; did you mean 'EX_a'"):
        range_split(media, "EX_aa", 1.5)
    with pytest.raises(TableError, match="`threshold` 9 leaves one side of the split empty; 'EX_a' runs from 1 to 2"):
        range_split(media, "EX_a", 9.0)
