from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from metagnn.network.tensor_record import TensorRecord


@dataclass(frozen=True, eq=False)
class Inner(TensorRecord):
    values: Tensor
    flags: Tensor | None = None
    names: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Outer(TensorRecord):
    label: str
    inner: Inner
    weight: Tensor | None = None


def record(samples: int, weighed: bool = True, seed: int = 0) -> Outer:
    random = torch.Generator().manual_seed(seed)
    values = torch.randn(samples, 3, dtype=torch.float64, generator=random)
    inner = Inner(values, values[:, 0] > 0, ("a", "b", "c"))
    return Outer("first", inner, torch.rand(samples, generator=random) if weighed else None)


def same(one: Outer, other: Outer) -> bool:
    weights = (one.weight, other.weight)
    return (
        (one.label, one.inner.names) == (other.label, other.inner.names)
        and torch.equal(one.inner.values, other.inner.values)
        and torch.equal(one.inner.flags, other.inner.flags)
        and (weights == (None, None) or torch.equal(*weights))
    )


def test_the_comparison_of_these_tests_tells_apart() -> None:
    whole = record(3)
    assert same(whole, record(3))
    assert not same(whole, record(3, seed=1))
    assert not same(whole, dataclasses.replace(whole, label="second"))
    assert not same(whole, dataclasses.replace(whole, weight=whole.weight + 1))


@settings(max_examples=40, deadline=None)
@given(samples=st.integers(0, 12), size=st.integers(1, 15), weighed=st.booleans())
def test_parts_of_a_split_are_bounded_and_joined_they_are_the_whole(samples: int, size: int, weighed: bool) -> None:
    whole = record(samples, weighed)
    parts = whole.split(size)
    assert [len(part) for part in parts] == [min(size, samples - start) for start in range(0, max(samples, 1), size)]
    assert same(Outer.join(parts), whole)


@pytest.mark.parametrize(
    "index", [[2, 0, 0], torch.tensor([4, 1]), slice(1, 4), torch.tensor([True, False] * 2 + [True])]
)
def test_rows_are_those_of_every_tensor_in_the_order_of_the_index(index) -> None:
    whole = record(5)
    part = whole.rows(index)
    assert isinstance(part, Outer)
    assert isinstance(part.inner, Inner)
    assert torch.equal(part.inner.values, whole.inner.values[index])
    assert torch.equal(part.inner.flags, whole.inner.flags[index])
    assert torch.equal(part.weight, whole.weight[index])
    assert (part.label, part.inner.names) == ("first", ("a", "b", "c"))
    assert len(part) == len(part.inner.values) < len(whole)
    assert same(whole, record(5))


def test_moving_takes_every_tensor_along_and_leaves_the_record_where_it_is() -> None:
    whole = record(4)
    moved = whole.to("meta")
    assert {tensor.device.type for tensor in (moved.inner.values, moved.inner.flags, moved.weight)} == {"meta"}
    assert {tensor.device.type for tensor in (whole.inner.values, whole.inner.flags, whole.weight)} == {"cpu"}
    assert record(4, weighed=False).to("meta").weight is None


def test_every_tensor_is_changed_once() -> None:
    seen: list[int] = []

    def change(tensor: Tensor) -> Tensor:
        seen.append(tensor.data_ptr())
        return tensor[:1]

    whole = record(4)
    assert len(whole.map_tensors(change)) == 1
    tensors = (whole.inner.values, whole.inner.flags, whole.weight)
    assert sorted(seen) == sorted(tensor.data_ptr() for tensor in tensors)


def test_a_join_keeps_the_order_and_what_is_no_tensor_is_that_of_the_first() -> None:
    one, other = record(2), dataclasses.replace(record(3, seed=1), label="second")
    joined = Outer.join([one, other])
    assert len(joined) == 5
    assert joined.label == "first"
    assert same(joined.rows(slice(0, 2)), one)
    assert same(dataclasses.replace(joined.rows(slice(2, 5)), label="second"), other)
    assert same(Outer.join([one]), one)


def test_a_join_of_parts_of_which_some_lack_a_field_names_it() -> None:
    for parts in ([record(2), record(2, weighed=False)], [record(2, weighed=False), record(2)]):
        with pytest.raises(
            ValueError, match="`weight` is missing from some of the parts; expected it in all or in none"
        ):
            Outer.join(parts)
    whole = record(2)
    lacking = dataclasses.replace(whole, inner=dataclasses.replace(whole.inner, flags=None))
    with pytest.raises(ValueError, match="`flags` is missing from some of the parts"):
        Outer.join([whole, lacking])


def test_a_record_is_not_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        record(2).label = "other"
