import os

import pytest

from metagnn.errors import FolderError
from metagnn.files.output import check_output, replace_file


def test_new_outputs_get_their_parents(tmp_path):
    assert check_output(tmp_path / "a" / "b.csv") == tmp_path / "a" / "b.csv"
    assert (tmp_path / "a").is_dir()
    assert list((tmp_path / "a").iterdir()) == []
    check_output(tmp_path / "folder", folder=True)
    assert (tmp_path / "folder").is_dir()
    check_output(tmp_path / "folder", folder=True)


def test_existing_outputs_need_force_or_resume(tmp_path):
    file = tmp_path / "a.csv"
    file.write_text("x")
    for path, folder in ((file, False), (tmp_path, True)):
        with pytest.raises(FolderError, match="exists; use --force to replace it or --resume to continue it"):
            check_output(path, folder=folder)
        check_output(path, force=True, folder=folder)
        check_output(path, resume=True, folder=folder)
    assert file.read_text() == "x"


def test_wrong_kind_and_places_that_cannot_be_written(tmp_path):
    file = tmp_path / "a.csv"
    file.write_text("x")
    with pytest.raises(FolderError, match="is a folder; expected a file to write"):
        check_output(tmp_path, force=True)
    with pytest.raises(FolderError, match="is a file; expected a folder to write"):
        check_output(file, force=True, folder=True)
    with pytest.raises(FolderError, match="cannot be written"):
        check_output(file / "below.csv")
    with pytest.raises(FolderError, match="cannot be written"):
        check_output("/proc/no/such.csv")


def test_replace_file_leaves_old_content_if_the_swap_fails(tmp_path, monkeypatch):
    file = tmp_path / "a.json"
    replace_file(file, b"old")

    def fail(*_):
        raise OSError("disk")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OSError, match="disk"):
        replace_file(file, b"new")
    assert file.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [file]
