import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metagnn.datasets.media import factorial_media, latin_hypercube_media, sparse_media, uniform_media
from metagnn.errors import InputError

RANGES = {"EX_a": (0.0, 10.0), "EX_b": (2.0, 3.0), "EX_c": (5.0, 5.0), "EX_o2_e": (1.0, 20.0)}


@settings(max_examples=20, deadline=None)
@given(samples=st.integers(1, 60), seed=st.integers(0, 1000))
def test_samplers_stay_in_range_and_repeat_with_their_seed(samples, seed):
    for sampler in (uniform_media, latin_hypercube_media):
        media = sampler(RANGES, samples, seed)
        assert list(media.columns) == list(RANGES)
        assert len(media) == samples
        for name, (low, high) in RANGES.items():
            assert media[name].between(low, high).all()
        assert media.equals(sampler(RANGES, samples, seed))
        assert not media.equals(sampler(RANGES, samples, seed + 1))


@settings(max_examples=20, deadline=None)
@given(samples=st.integers(1, 60), seed=st.integers(0, 1000))
def test_latin_hypercube_puts_one_medium_in_every_slice(samples, seed):
    media = latin_hypercube_media({"EX_a": (0.0, 10.0), "EX_b": (2.0, 4.0)}, samples, seed)
    for name, low, width in (("EX_a", 0.0, 10.0), ("EX_b", 2.0, 2.0)):
        slices = np.floor((media[name] - low) / width * samples * (1 + 1e-12)).astype(int)
        assert sorted(slices) == list(range(samples))
    if samples >= 10:
        assert not np.array_equal(media["EX_a"].rank(), media["EX_b"].rank())


def test_uniform_fills_its_range_evenly_and_without_correlation():
    media = uniform_media({"EX_a": (0.0, 10.0), "EX_b": (0.0, 1.0)}, 4000, seed=0)
    assert np.allclose(np.histogram(media["EX_a"], bins=5, range=(0, 10))[0], 800, atol=100)
    assert abs(media["EX_a"].corr(media["EX_b"])) < 0.05


@settings(max_examples=20, deadline=None)
@given(substrates=st.integers(1, 4), seed=st.integers(0, 1000))
def test_sparse_media_hold_exactly_so_many_substrates(substrates, seed):
    ranges = {f"EX_{name}": (1.0, 10.0) for name in "abcd"} | {"EX_o2_e": (1.0, 20.0)}
    media = sparse_media(ranges, 40, substrates, always=["EX_o2_e"], seed=seed)
    assert (media["EX_o2_e"] >= 1.0).all()
    present = media.drop(columns="EX_o2_e") > 0
    assert (present.sum(axis=1) == substrates).all()
    if substrates < 4:
        assert present.any().all()
        assert len(present.drop_duplicates()) > 1


def test_factorial_media_hold_every_combination_once():
    media = factorial_media({"EX_a": [0, 5, 10], "EX_b": [1], "EX_c": [0.0, 2.5]})
    assert len(media) == len(media.drop_duplicates()) == 6
    assert media.dtypes.eq("float64").all()
    assert media.iloc[1].tolist() == [0.0, 1.0, 2.5]


@pytest.mark.parametrize("limits", [(3.0, 1.0), (-1.0, 1.0), (0.0, np.inf), (np.nan, 1.0)])
def test_bad_ranges_are_named(limits):
    for sampler in (uniform_media, latin_hypercube_media):
        with pytest.raises(InputError, match=r"`ranges\['EX_a'\]` is .*expected \(low, high\) with 0 ≤ low ≤ high"):
            sampler({"EX_a": limits}, 3)


def test_other_bad_input_is_named():
    with pytest.raises(InputError, match="`ranges` is empty"):
        uniform_media({}, 3)
    with pytest.raises(InputError, match="`samples` is 0; expected at least 1"):
        latin_hypercube_media(RANGES, 0)
    with pytest.raises(InputError, match="`always` names 'EX_x', which has no range"):
        sparse_media(RANGES, 3, 1, always=["EX_x"])
    with pytest.raises(InputError, match="`substrates` is 4; expected 1 to 3"):
        sparse_media(RANGES, 3, 4, always=["EX_o2_e"])
    with pytest.raises(InputError, match="`levels` is empty"):
        factorial_media({})
    with pytest.raises(InputError, match=r"`levels\['EX_a'\]` is \[\]; expected a list of uptakes"):
        factorial_media({"EX_a": []})
    with pytest.raises(InputError, match=r"`levels\['EX_a'\]` holds -1"):
        factorial_media({"EX_a": [0, -1]})
