import os
import pickle

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from metagnn.errors import FolderError
from metagnn.files.tensor_file import read_tensors, write_tensors

DTYPES = [torch.float64, torch.float32, torch.float16, torch.int64, torch.int32, torch.uint8, torch.bool]


def same(a: Tensor, b: Tensor) -> bool:
    return a.dtype == b.dtype and a.shape == b.shape and a.numpy().tobytes() == b.numpy().tobytes()


def example() -> dict[str, Tensor]:
    return {
        "weight": torch.randn(2, 3, generator=torch.Generator().manual_seed(0)),
        "step": torch.tensor(7),
        "empty": torch.zeros(0, 4, dtype=torch.float64),
        "half": torch.tensor([0.5, torch.nan, -torch.inf], dtype=torch.float16),
    }


def test_what_is_written_is_read(tmp_path):
    tensors = example() | {str(dtype): torch.ones(3).to(dtype) for dtype in DTYPES}
    document = {"a": [1, 2.5, None, True, "ü"], "b": {"c": {}}}
    write_tensors(tmp_path / "file", tensors, document)
    read, text = read_tensors(tmp_path / "file")
    assert text == document
    assert read.keys() == tensors.keys()
    assert all(same(read[name], tensors[name]) for name in tensors)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@settings(max_examples=20, deadline=None)
@given(
    document=st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
        max_leaves=8,
    )
)
def test_any_document_is_kept(tmp_path_factory, document):
    path = tmp_path_factory.mktemp("any") / "file"
    write_tensors(path, {}, document)
    assert read_tensors(path) == ({}, document)


def test_the_same_tensors_are_the_same_bytes(tmp_path):
    contents = set()
    for _ in range(10):
        write_tensors(tmp_path / "file", example(), {"a": 1})
        contents.add((tmp_path / "file").read_bytes())
    assert len(contents) == 1


def test_views_and_tensors_that_share_memory_are_kept_apart(tmp_path):
    whole = torch.arange(12.0).reshape(3, 4).requires_grad_()
    tensors = {"whole": whole, "turned": whole.T, "row": whole[1], "again": whole}
    write_tensors(tmp_path / "file", tensors, None)
    read, _ = read_tensors(tmp_path / "file")
    assert all(same(read[name], tensor.detach().contiguous()) for name, tensor in tensors.items())


def test_a_file_is_replaced(tmp_path):
    for value in (1.0, 2.0):
        write_tensors(tmp_path / "file", {"x": torch.tensor(value)}, value)
    assert read_tensors(tmp_path / "file") == ({"x": torch.tensor(2.0)}, 2.0)


def test_every_flipped_byte_is_noticed(tmp_path):
    path, tensors = tmp_path / "file", example()
    write_tensors(path, tensors, {"x": [1, 2]})
    intact = path.read_bytes()
    missed = []
    for position in range(len(intact)):
        # One bit; and of the header's letters the one that turns floats into integers of the same bytes.
        for value in {intact[position] ^ 1, *(b"I" if intact[position] == ord("F") else b"")}:
            path.write_bytes(intact[:position] + bytes([value]) + intact[position + 1 :])
            try:
                read_tensors(path)
            except FolderError:
                continue
            missed.append((position, value))
    assert not missed


def test_every_truncation_is_noticed(tmp_path):
    path = tmp_path / "file"
    write_tensors(path, example(), {"x": [1, 2]})
    intact = path.read_bytes()
    for length in range(0, len(intact), 3):
        path.write_bytes(intact[:length])
        with pytest.raises(FolderError, match="damaged"):
            read_tensors(path)
    path.write_bytes(intact + b"\0")
    with pytest.raises(FolderError, match="damaged"):
        read_tensors(path)


def test_missing_files_folders_and_other_files_are_refused(tmp_path):
    with pytest.raises(FolderError, match="nowhere' is missing; expected a saved file of metagnn"):
        read_tensors(tmp_path / "nowhere")
    with pytest.raises(FolderError, match="is missing"):
        read_tensors(tmp_path)
    torch.save({"x": torch.ones(2)}, tmp_path / "torch.pt")
    with pytest.raises(FolderError, match="is damaged or no saved file of metagnn"):
        read_tensors(tmp_path / "torch.pt")


def test_a_safetensors_file_of_someone_else_is_refused(tmp_path):
    from safetensors.torch import save_file

    save_file({"x": torch.ones(2)}, tmp_path / "other.safetensors")
    with pytest.raises(FolderError, match="no saved file of metagnn"):
        read_tensors(tmp_path / "other.safetensors")


def test_nothing_is_unpickled(tmp_path, monkeypatch):
    class Trap:
        def __reduce__(self):
            return (pytest.fail, ("it was unpickled",))

    (tmp_path / "trap").write_bytes(pickle.dumps(Trap()))
    with pytest.raises(FolderError, match="damaged"):
        read_tensors(tmp_path / "trap")
    write_tensors(tmp_path / "file", example(), None)
    for name in ("load", "loads", "Unpickler"):
        monkeypatch.setattr(pickle, name, None)
    assert read_tensors(tmp_path / "file")[0].keys() == example().keys()


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    with pytest.raises(FolderError, match="file' cannot be written"):
        write_tensors(tmp_path / "nowhere" / "file", {"x": torch.ones(1)}, None)


def test_a_failed_write_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "file"
    write_tensors(path, {"x": torch.tensor(1.0)}, None)

    def full(source, target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("metagnn.files.output.os.replace", full)
    with pytest.raises(FolderError, match="No space left on device"):
        write_tensors(path, {"x": torch.tensor(2.0)}, None)
    assert read_tensors(path)[0]["x"] == 1.0


@pytest.mark.skipif(os.name != "posix", reason="names are text elsewhere")
def test_a_name_that_is_no_utf8(tmp_path):
    path = tmp_path / os.fsdecode(b"a\xff.safetensors")
    write_tensors(path, example(), {})
    tensors, _ = read_tensors(path)
    assert all(same(tensors[name], value) for name, value in example().items())
