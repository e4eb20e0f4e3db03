from pathlib import Path

import pytest

from metagnn.errors import TableError
from metagnn.studies.measured.data_file import read_data_file


def written(folder: Path, text: str) -> Path:
    (folder / "t.csv").write_text(text)
    return folder


def test_a_table_is_read_with_its_checksum(tmp_path: Path) -> None:
    file = read_data_file(written(tmp_path, "name,x\na,1\nb,2.5\n"), "t.csv", ["x"], ["name"])
    assert file.table["x"].tolist() == [1.0, 2.5]
    again = read_data_file(written(tmp_path, "name,x\na,1\nb,2.6\n"), "t.csv", ["x"])
    assert file.record["file"] == "t.csv"
    assert file.record["checksum"] != again.record["checksum"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name,z\na,1\n", "lacks the column 'name'|lacks the column 'x'"),
        ("name,x\n", "has no row"),
        ("name,x\na,1\nb,much\n", "row 2: 'x' is 'much'; expected a number"),
        ("name,x\na,\n", "row 1: 'x' is empty"),
        ("name,x\na,inf\n", "row 1: 'x' is 'inf'"),
        ("", "cannot be read as a table"),
        ("a\n1,2,3\n4,5\n", "cannot be read as a table|lacks the column"),
    ],
)
def test_what_is_wrong_is_one_line(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(TableError, match=message) as raised:
        read_data_file(written(tmp_path, text), "t.csv", ["x"], ["name"])
    assert "\n" not in str(raised.value)
    assert "t.csv" in str(raised.value)


def test_a_file_that_is_not_text_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes(b"\xff\xfe\x00\x9c\x80")
    with pytest.raises(TableError, match="cannot be read as a table") as raised:
        read_data_file(tmp_path, "t.csv", ["x"])
    assert "\n" not in str(raised.value)
