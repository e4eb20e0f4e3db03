import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metagnn.training.sampler import ShuffledBatches


@settings(max_examples=40, deadline=None)
@given(samples=st.integers(1, 60), size=st.integers(1, 70), seed=st.integers(0, 10_000), epoch=st.integers(0, 500))
def test_an_epoch_holds_every_sample_once_in_full_batches(samples, size, seed, epoch):
    sampler = ShuffledBatches(samples, size, seed)
    sampler.set_epoch(epoch)
    batches = list(sampler)
    assert sorted(position for batch in batches for position in batch) == list(range(samples))
    assert len(batches) == len(sampler)
    assert all(len(batch) == size for batch in batches[:-1])
    assert 1 <= len(batches[-1]) <= size


def order(seed: int, epoch: int) -> list[list[int]]:
    sampler = ShuffledBatches(50, 7, seed)
    sampler.set_epoch(epoch)
    return list(sampler)


def test_the_order_depends_on_seed_and_epoch_alone():
    orders = {(seed, epoch): order(seed, epoch) for seed in range(4) for epoch in range(6)}
    assert len({str(batches) for batches in orders.values()}) == len(orders)
    # Whatever was drawn before: an epoch that a resumed run starts with is the one it would have been.
    sampler = ShuffledBatches(50, 7, 2)
    for epoch in (5, 0, 3, 3):
        sampler.set_epoch(epoch)
        assert list(sampler) == orders[2, epoch] == list(sampler)


@pytest.mark.parametrize("seed", [0, 1, 2**31])
def test_samples_are_shuffled(seed):
    assert [position for batch in order(seed, 0) for position in batch] != list(range(50))


def test_an_epoch_that_is_set_after_the_iterator_was_taken_still_counts():
    sampler = ShuffledBatches(50, 7, 0)
    iterator = iter(sampler)
    sampler.set_epoch(3)
    assert list(iterator) == order(0, 3) != order(0, 0)
