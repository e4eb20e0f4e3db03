import bz2
import gzip
import io
import json
import zipfile
from pathlib import Path

import pytest

from metagnn.errors import NetworkError
from metagnn.network.reader import model_file
from metagnn.network.reader.model_file import is_model_ending, read_model_file


def zipped(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def saved(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("ending", [".json", ".yml", ".yaml"])
def test_packed_files_hold_what_plain_ones_hold(ending, toy, tmp_path):
    content = json.dumps(toy()).encode()
    plain = read_model_file(saved(tmp_path, f"m{ending}", content))
    packings = {".gz": gzip.compress(content), ".bz2": bz2.compress(content)}
    packings[".zip"] = zipped({f"m{ending}": content, "readme.txt": b"hello", f"__MACOSX/._m{ending}": b"?"})
    for packing, packed in packings.items():
        assert read_model_file(saved(tmp_path, f"m{ending}{packing}", packed)) == plain


def test_a_file_of_another_format_than_its_ending_says_is_told(toy, tmp_path):
    content = json.dumps(toy()).encode()
    for name, wrong, message in (
        ("m.xml", content, "it holds JSON, not SBML as its ending says; rename it to end in '.json'"),
        ("m.json", b"<?xml version='1.0'?><sbml/>", "it holds SBML, not JSON as its ending says"),
        ("m.yml", b"<sbml/>", "it holds SBML, not YAML"),
        ("m.mat", content, "it holds JSON, not MATLAB"),
        ("m.json", b"MATLAB 5.0 MAT-file", "it holds MATLAB, not JSON"),
        ("m.xml", b"<!DOCTYPE html><html></html>", "it holds HTML, not SBML as its ending says; expected a model"),
        ("m.json", gzip.compress(content), "it is packed as gz, unlike its ending says; rename it to 'm.json.gz'"),
        ("m.json.gz", content, "it is not packed, unlike its ending says; rename it to 'm.json'"),
        ("m.json.zip", zipped({"a.json": content, "b.json": content}), "the archive holds 2 files; expected one model"),
    ):
        with pytest.raises(NetworkError) as error:
            read_model_file(saved(tmp_path, name, wrong))
        assert f"{name}' cannot be read as a model: {message}" in str(error.value)


def test_an_entry_without_an_id_is_counted(toy, tmp_path):
    document = toy()
    del document["reactions"][2]["id"]
    with pytest.raises(NetworkError, match="entry 2 of its 'reactions' has no id"):
        read_model_file(saved(tmp_path, "m.json", json.dumps(document).encode()))


def test_a_model_without_an_id_is_called_by_its_file(toy, tmp_path):
    content = json.dumps(toy() | {"id": None}).encode()
    assert read_model_file(saved(tmp_path, "mine.json", content)).id == "mine"


def test_endings():
    assert all(is_model_ending(name) for name in ("a.xml", "A.SBML.GZ", "a.json.gz", "a.xml.bz2", "a.mat.zip"))
    assert not any(is_model_ending(name) for name in ("e_coli_core", "a.gz", "media.csv", "a.zip"))


def test_more_entries_than_any_model_has_are_refused(toy, tmp_path, monkeypatch):
    monkeypatch.setattr(model_file, "MOST_ENTRIES", 9)
    with pytest.raises(NetworkError, match="holds 10 metabolites and reactions; expected 9 at most"):
        read_model_file(saved(tmp_path, "m.json", json.dumps(toy()).encode()))
