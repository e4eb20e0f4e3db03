import os

import pytest

from metagnn.datasets.rates.unit_map import read_unit_map
from metagnn.errors import TableError


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_a_map_is_read_in_any_encoding_of_tables(tmp_path, encoding):
    path = tmp_path / "units.yml"
    path.write_bytes("µ: 1/h\nstärke: ignore\n".encode(encoding))
    assert read_unit_map(path) == {"µ": "1/h", "stärke": "ignore"}


@pytest.mark.parametrize(
    ("content", "text"), [(b"- a\n", "is no map"), (b"a: [\n", "as YAML"), (b"\0\1", "zero bytes")]
)
def test_something_else_is_refused(tmp_path, content, text):
    path = tmp_path / "units.yml"
    path.write_bytes(content)
    with pytest.raises(TableError, match=text):
        read_unit_map(path)
    with pytest.raises(TableError, match="no map of units"):
        read_unit_map(tmp_path / "none.yml")


def test_nesting_dates_that_do_not_exist_and_pipes_are_refused(tmp_path):
    path = tmp_path / "units.yml"
    for content, text in (
        (b"[" * 50_000, "as YAML"),
        (b"a: 2001-99-99\n", "as YAML"),
        (b"? [a, {b: c}]\n: d\n", "as YAML"),
        (b"a: b\n" * (1 << 16), "has 327680 bytes; expected at most 262144"),
    ):
        path.write_bytes(content)
        with pytest.raises(TableError, match=text):
            read_unit_map(path)
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(TableError, match="is a pipe; expected a file"):
        read_unit_map(path)
