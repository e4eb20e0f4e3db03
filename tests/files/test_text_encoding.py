from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metagnn.errors import TableError
from metagnn.files.text_encoding import NAMES, UTF8, WINDOWS, find_encoding, undecodable

PATH = Path("t.csv")


@settings(max_examples=50, deadline=None)
@given(st.text("aé°µ;,1\n", min_size=1), st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32"]), st.integers(0, 3))
def test_a_mark_or_utf8_is_found_also_where_the_last_character_is_cut(text, encoding, cut):
    content = text.encode(encoding)
    found = find_encoding(PATH, content[: max(len(content) - cut, 4)])
    if len(content) - cut >= 4 or not cut:
        assert content.decode(found) == text


def test_old_spreadsheets_write_windows_1252():
    content = "Stämme;µ\n".encode("cp1252")
    assert find_encoding(PATH, content) == WINDOWS
    assert content.decode(WINDOWS) == "Stämme;µ\n"
    assert find_encoding(PATH, b"plain") == UTF8
    assert set(NAMES) == {UTF8, WINDOWS, "utf-16", "utf-32"}


@pytest.mark.parametrize("content", [bytes(range(256)), b"a\0b\0", b"\x01\x02,3\n", "a,b\n".encode("utf-16-be")])
def test_what_is_no_text_is_refused(content):
    with pytest.raises(TableError, match=r"'t\.csv' holds (zero bytes|the control character)"):
        find_encoding(PATH, content)


def test_the_first_wrong_byte_is_counted_from_the_start_of_the_file(tmp_path):
    path = tmp_path / "t.csv"
    path.write_bytes(b"a" * ((1 << 20) + 5) + b"\x81")
    assert "neither UTF-8 nor Windows-1252 text (byte 1048581)" in str(undecodable(path, WINDOWS))
    path.write_bytes("ab".encode("utf-16") + b"\0")
    assert "is no UTF-16 text (byte 6)" in str(undecodable(path, "utf-16"))
