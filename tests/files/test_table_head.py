from pathlib import Path

import pytest

from metagnn.errors import TableError
from metagnn.files.table_head import is_blank, read_head

PATH = Path("t.csv")


def test_units_of_a_second_row_stand_behind_the_names():
    head = read_head(PATH, [["sample", "qGlc", "mu", "RQ", "T"], ["no.", "[g/gDW/h]", "1/h", "-", "°C"]])
    assert head.names == ("sample", "qGlc [g/gDW/h]", "mu [1/h]", "RQ", "T [°C]")
    assert head.units


@pytest.mark.parametrize(
    "second", [["1", "2"], ["1/h", "2"], ["high", "low"], ["", ""], ["True", "False"], ["-", "n.d."]]
)
def test_another_second_row_is_data(second):
    head = read_head(PATH, [["a", "b"], second])
    assert (head.names, head.units) == (("a", "b"), False)


def test_empty_columns_at_the_end_are_left_out_and_their_rows_checked():
    head = read_head(PATH, [["a", "b", "", " "]])
    assert head.names == ("a", "b")
    for row in (["1", "2"], ["1", "2", "", ""], ["1", "2", " "], [1, 2, None, None, None]):
        head.check_row(row, PATH, 3)
    with pytest.raises(TableError, match=r"'t\.csv', line 3: column 3 has no name"):
        head.check_row(["1", "2", "3"], PATH, 3)
    with pytest.raises(TableError, match=r"'t\.csv', line 3: 5 cells; expected 2"):
        head.check_row(["1", "2", "3", "4", "5"], PATH, 3)
    with pytest.raises(TableError, match="line 3: 1 cells; expected 2"):
        head.check_row(["1"], PATH, 3)


@pytest.mark.parametrize(
    ("rows", "text"),
    [
        ([["1", "2.5"]], "begins with numbers, such as '1'; expected a header"),
        ([["a", " a"]], "column 'a' appears more than once"),
        ([["", "a"]], "column 1 has no name"),
        ([["a [g/L]"], ["mmol/L"]], r"column 'a \[g/L\]' has the unit 'mmol/L' in the second row; expected one unit"),
    ],
)
def test_a_head_that_cannot_be_used_is_refused(rows, text):
    with pytest.raises(TableError, match=text):
        read_head(PATH, rows)
    assert read_head(PATH, [["a [g/L]"], ["g/L"]]).names == ("a [g/L]",)


def test_blank_is_empty_or_white_space():
    assert [is_blank(cell) for cell in (None, "", " \t", 0, "0", False)] == [True, True, True, False, False, False]
