from collections import OrderedDict

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from metagnn.errors import FolderError
from metagnn.files.tensor_file import write_tensors
from metagnn.training import SafetensorsCheckpointIO

tensors = st.builds(
    lambda seed, shape: torch.randn(shape, generator=torch.Generator().manual_seed(seed)),
    st.integers(0, 1000),
    st.lists(st.integers(0, 3), max_size=3),
)
leaves = st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.floats(allow_nan=False) | st.text() | tensors
keys = st.text(max_size=3) | st.integers(-5, 5)
nested = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(keys, inner, max_size=3)
        | st.dictionaries(st.sampled_from(["dict", "list", "tuple", "tensor"]), inner, max_size=2)
    ),
    max_leaves=12,
)


def same(a: object, b: object) -> bool:
    if type(a) is not type(b):
        return False
    if isinstance(a, torch.Tensor) and isinstance(b, torch.Tensor):
        return a.dtype == b.dtype and a.shape == b.shape and bool(torch.equal(a, b))
    if isinstance(a, dict) and isinstance(b, dict):
        keys_agree = [(type(key), key) for key in a] == [(type(key), key) for key in b]
        return keys_agree and all(same(a[key], b[key]) for key in a)
    if isinstance(a, (list, tuple)) and isinstance(b, (list, tuple)):
        return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b, strict=True))
    return a == b


@settings(max_examples=60, deadline=None)
@given(checkpoint=st.dictionaries(st.text(max_size=3), nested, max_size=4))
def test_any_nested_checkpoint_is_read_as_it_was_written(tmp_path_factory, checkpoint):
    path = tmp_path_factory.mktemp("any") / "last.ckpt"
    SafetensorsCheckpointIO().save_checkpoint(checkpoint, path)
    assert same(SafetensorsCheckpointIO().load_checkpoint(path), checkpoint)


def test_the_comparison_of_these_tests_tells_apart():
    for a, b in [({1: 0}, {"1": 0}), ((1,), [1]), (1, 1.0), (True, 1), (torch.ones(2), torch.ones(2).double())]:
        assert same(a, a)
        assert not same(a, b)


def test_an_optimisers_state_survives(tmp_path):
    layer = torch.nn.Linear(3, 2)
    optimizer = torch.optim.AdamW(layer.parameters())
    layer(torch.ones(1, 3)).sum().backward()
    optimizer.step()
    checkpoint = {
        "state_dict": OrderedDict(layer.state_dict()),
        "optimizer_states": [optimizer.state_dict()],
        "epoch": 3,
    }
    io = SafetensorsCheckpointIO()
    # Folders on the way are made, as Lightning expects.
    path = tmp_path / "deep" / "er" / "last.ckpt"
    io.save_checkpoint(checkpoint, str(path))
    read = io.load_checkpoint(str(path), map_location="cpu", weights_only=False)
    assert same(read["optimizer_states"], checkpoint["optimizer_states"])
    assert same(read["state_dict"], dict(checkpoint["state_dict"]))
    assert set(read["optimizer_states"][0]["state"]) == {0, 1}


def test_what_is_neither_tensor_nor_plain_data_is_refused_when_written(tmp_path):
    with pytest.raises(TypeError, match="a checkpoint cannot hold a set"):
        SafetensorsCheckpointIO().save_checkpoint({"a": [{1, 2}]}, tmp_path / "last.ckpt")
    assert not list(tmp_path.iterdir())


def test_missing_truncated_and_flipped_checkpoints_are_refused(tmp_path):
    io, path = SafetensorsCheckpointIO(), tmp_path / "last.ckpt"
    with pytest.raises(FolderError, match=r"last.ckpt' is missing"):
        io.load_checkpoint(path)
    io.save_checkpoint({"weights": {0: torch.arange(5.0)}, "epoch": 2}, path)
    intact = path.read_bytes()
    for damaged in (b"", intact[:7], intact[:40], intact[:-1], intact[:-9] + b"\x01" + intact[-8:]):
        path.write_bytes(damaged)
        with pytest.raises(FolderError, match="damaged"):
            io.load_checkpoint(path)


@pytest.mark.parametrize(
    "document", [{"tensor": "tensor_9"}, {"dict": [[1]]}, {"dict": 3}, {"list": None}, {"a": 1, "b": 2}, {}]
)
def test_a_file_that_is_intact_but_no_checkpoint_is_refused(tmp_path, document):
    write_tensors(tmp_path / "last.ckpt", {}, document)
    with pytest.raises(FolderError, match=r"last.ckpt' is not a checkpoint of a training run"):
        SafetensorsCheckpointIO().load_checkpoint(tmp_path / "last.ckpt")


def test_a_removed_checkpoint_is_gone_and_may_be_removed_again(tmp_path):
    io, path = SafetensorsCheckpointIO(), tmp_path / "last.ckpt"
    io.save_checkpoint({}, path)
    assert io.load_checkpoint(path) == {}
    io.remove_checkpoint(path)
    assert not path.exists()
    io.remove_checkpoint(path)
