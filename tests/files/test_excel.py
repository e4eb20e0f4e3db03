import datetime
import sys
import zipfile

import pandas as pd
import pytest

from metagnn.errors import TableError, TableWarning
from metagnn.files import excel
from metagnn.files.table_reader import describe_table, read_table, read_table_chunks
from metagnn.files.table_writer import TableWriter


@pytest.fixture
def book(tmp_path):
    """Write a workbook of sheets, each a list of rows."""
    openpyxl = pytest.importorskip("openpyxl")

    def write(**sheets):
        book = openpyxl.Workbook()
        book.remove(book.active)
        for title, rows in sheets.items():
            sheet = book.create_sheet(title)
            for row in rows:
                sheet.append(row)
        book.save(tmp_path / "table.xlsx")
        return tmp_path / "table.xlsx"

    return write


def test_numbers_labels_gaps_and_empty_edges(book):
    rows = [
        [],
        ["Sample", "EX_a", "EX_b", None],
        [1, 2, 2.5],
        ["01", "−3", None],
        [None, None, None],
        [7, 1, 1],
        [None],
    ]
    table = read_table(book(A=rows))
    expected = {"sample": ["1", "01", None, "7"], "EX_a": [2.0, -3.0, None, 1.0], "EX_b": [2.5, None, None, 1.0]}
    pd.testing.assert_frame_equal(table, pd.DataFrame(expected))


def test_chunks_are_the_table(book):
    path = book(A=[["EX_a"], *([row / 8] for row in range(7))])
    chunks = list(read_table_chunks(path, 3))
    assert [len(chunk) for chunk in chunks] == [3, 3, 1]
    pd.testing.assert_frame_equal(pd.concat(chunks, ignore_index=True), read_table(path))


def test_the_first_sheet_with_data_is_read_and_said(book):
    path = book(Cover=[], Rates=[["# by hand"], ["qO2", "mu"], ["mmol/gDW/h", "1/h"], [9, 0.4]], Old=[["x"], [1]])
    with pytest.warns(TableWarning, match=r"an Excel workbook, sheet 'Rates', the first of 2 that hold anything"):
        table = read_table(path)
    assert table.to_dict("list") == {"qO2 [mmol/gDW/h]": [9], "mu [1/h]": [0.4]}
    assert describe_table(path).endswith("units in row 3, 1 comment line left out")


@pytest.mark.parametrize(
    ("rows", "text"),
    [
        ([], "is empty"),
        ([["# c"]], "holds comments only"),
        ([["a"]], "has a header but no rows"),
        ([["a", "a"], [1, 2]], "column 'a' appears more than once"),
        ([["a", "b"], [1, 2, 3]], "line 2: 3 cells; expected 2|column 3 has no name"),
        ([["a", "b"], ["=1+1", 2]], r"line 2, column 'a': the formula '=1\+1' has no stored value"),
        ([["a"], [1], [datetime.datetime(2024, 1, 5)]], "line 3: column 'a', row 1: '2024-01-05 .*is a date"),
        ([["a"], ["1,5"]], "line 2: column 'a', row 0: '1,5' is no number"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_with_its_row(book, rows, text):
    with pytest.raises(TableError, match=text):
        read_table(book(A=rows))


def test_damage_and_a_missing_package_are_named(tmp_path, monkeypatch):
    path = tmp_path / "table.xlsx"
    path.write_bytes(b"PK\x03\x04nonsense")
    if "openpyxl" in sys.modules or pytest.importorskip("openpyxl"):
        with pytest.raises(TableError, match="cannot be read as an Excel workbook"):
            read_table(path)
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with pytest.raises(TableError, match=r'pip install "metagnn\[excel\]"'):
        read_table(path)


def test_workbooks_are_not_written(tmp_path):
    with pytest.raises(TableError, match=r"an ending that is only read; expected \.csv or \.tsv or \.parquet"):
        TableWriter(tmp_path / "t.xlsx")


def _with_sheet(path, change):
    """Change the XML of the first sheet of a workbook."""
    with zipfile.ZipFile(path) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    name = "xl/worksheets/sheet1.xml"
    files[name] = change(files[name])
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def test_a_sheet_that_claims_to_be_large_is_read_as_what_it_is(book):
    path = book(A=[["EX_a", "EX_b"], [1, 2]])
    table = read_table(_with_sheet(path, lambda xml: xml.replace(b'ref="A1:B2"', b'ref="A1:XFD1048576"')))
    assert table.to_numpy().tolist() == [[1, 2]]


def test_bombs_and_damage_are_refused(book, monkeypatch):
    rows = [["EX_a", "EX_b"], [1, 2]]
    monkeypatch.setattr(excel, "MOST_ROWS", 1000)
    path = _with_sheet(book(A=rows), lambda xml: xml.replace(b'<row r="2"', b'<row r="999999999"'))
    with pytest.raises(TableError, match="has a row 1001; expected at most 1000"):
        read_table(path)
    path = _with_sheet(book(A=rows), lambda xml: xml + b" " * (130 << 20))
    with pytest.raises(TableError, match="unfolds to 130 MiB; expected at most 128"):
        read_table(path)
    path = _with_sheet(book(A=rows), lambda xml: xml.replace(b"<v>2</v>", b"<v>x</v>"))
    with pytest.raises(TableError, match="cannot be read as an Excel workbook"):
        read_table(path)
    path.write_bytes(path.read_bytes()[:-300])
    with pytest.raises(TableError, match="cannot be read as an Excel workbook"):
        read_table(path)
