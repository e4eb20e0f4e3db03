import os
import subprocess
import sys

import pytest

from metagnn.errors import FolderError
from metagnn.files.output import check_output, lock_of, replace_file
from metagnn.files.run_lock import RunLock


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


def test_a_link_is_followed_also_to_a_place_that_is_not_there_yet(tmp_path):
    file, folder = tmp_path / "file", tmp_path / "folder"
    file.symlink_to(tmp_path / "a" / "b.csv")
    folder.symlink_to(tmp_path / "c" / "d")
    check_output(file)
    check_output(folder, folder=True)
    assert (tmp_path / "c" / "d").is_dir()
    replace_file(file, b"a", b"b")
    assert (tmp_path / "a" / "b.csv").read_bytes() == b"ab"
    assert file.is_symlink()
    with pytest.raises(FolderError, match="file' exists; use --force"):
        check_output(file)
    round_ = tmp_path / "round"
    round_.symlink_to(round_)
    with pytest.raises(FolderError, match="round' cannot be written"):
        check_output(round_)


def test_what_a_dead_process_left_is_removed_and_what_a_living_one_writes_is_not(tmp_path):
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    for process in (dead.pid, os.getppid()):
        (tmp_path / f".a.csv.{process}.tmp").touch()
        (tmp_path / f".b.csv.{process}.tmp").touch()
    check_output(tmp_path / "a.csv")
    left = {f".a.csv.{os.getppid()}.tmp", f".b.csv.{os.getppid()}.tmp", f".b.csv.{dead.pid}.tmp"}
    assert {path.name for path in tmp_path.iterdir()} == left


def test_a_folder_with_nothing_but_what_a_kill_left_counts_as_empty(tmp_path):
    for name in (".lock", ".a.csv.12.tmp", ".unfinished.13.tmp"):
        (tmp_path / name).touch()
    check_output(tmp_path, folder=True)


def test_an_output_that_is_being_written_names_its_writer(tmp_path):
    (tmp_path / "a.csv").write_text("x")
    refused = pytest.raises(FolderError, match=rf"is being written by process {os.getpid()} ")
    with RunLock(lock_of(tmp_path / "a.csv", False), tmp_path / "a.csv"), refused:
        check_output(tmp_path / "a.csv")
    with pytest.raises(FolderError, match="exists; use --force"):
        check_output(tmp_path / "a.csv")
