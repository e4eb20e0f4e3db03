import os

import pytest

from metagnn.errors import InputError
from metagnn.files.whole_file import read_whole


def test_a_file_is_read_whole(tmp_path):
    (tmp_path / "a").write_bytes(b"x\0y")
    (tmp_path / "b").symlink_to("a")
    assert read_whole(tmp_path / "b") == b"x\0y"
    assert read_whole(tmp_path / "a", 3) == b"x\0y"


def test_what_would_block_or_never_end_is_refused(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "zero").symlink_to("/dev/zero")
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "large").write_bytes(b"1234")
    for name, message in (
        ("pipe", "is a pipe; expected a file"),
        ("zero", "is a device; expected a file"),
        ("loop", "cannot be read: "),
        ("", "is a folder; expected a file"),
        ("missing", "cannot be read: No such file"),
        ("large", "has 4 bytes; expected at most 3"),
    ):
        with pytest.raises(InputError, match=message):
            read_whole(tmp_path / name, 3)
