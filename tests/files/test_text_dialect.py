from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metagnn.errors import TableError
from metagnn.files.text_dialect import DELIMITERS, find_dialect, is_empty_line

PATH = Path("t.csv")


def _found(text, whole=True):
    return find_dialect(PATH, text, whole, tuple(DELIMITERS))


@pytest.mark.parametrize(
    ("text", "delimiter", "decimal"),
    [
        ("a,b\n1.5,2\n", ",", "."),
        ("a;b\n1,5;2,0\n", ";", ","),
        ("a;b\n1;2\n", ";", "."),
        ("a\tb\n1,5\t2\n", "\t", ","),
        ('a,b\n"1,5",2\n', ",", ","),
        ('a\n"1,5"\n', ",", ","),
        ("a;b\n1.234;2\n", ";", "."),
        ("a;b\n1,234;2,5\n", ";", ","),
        ("a;b\n0,500;2\n", ";", ","),
        ("a;b\n−1,5e−3;2\n", ";", ","),
        ("1,4-butanediol;x\n1,5;2\n", ";", ","),
        ("a,b;c,d\n1,2;3,4\n", ";", ","),
        ("a [g, wet],b;c\n1,2;3\n1,2;5\n", ";", ","),
        ("notes;a\nBerlin, 1,5;2.5\n", ";", "."),
        ("sep=;\na,b;c\n1;2\n", ";", "."),
        ("a\n1\n", ",", "."),
    ],
)
def test_delimiter_and_decimal_sign_follow_from_the_first_rows(text, delimiter, decimal):
    found = _found(text)
    assert (found.delimiter, found.decimal) == (delimiter, decimal)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("a;b\n1,234;2\n", r"line 2, column 'a': '1,234' may be 1\.234 or 1234"),
        ('a,b\n"1,234",2.5\n', "'1,234' has a comma and line 2, column 'b': '2.5' a point"),
        ("a;b\n2;1,5\n1.5;2\n", "line 2, column 'b': '1,5' has a comma and line 3, column 'a': '1.5' a point"),
        ("a,b;c\n1,2;x\n", "the delimiter cannot be told: the header splits by commas into 2 and semicolons into 2"),
        ("a b\n1 2\n", "the delimiter cannot be told from 'a b'"),
        ("a|b\n1|2\n", "the delimiter cannot be told from 'a|b'"),
        ("sep=|\na|b\n", r"declares the delimiter '\|'"),
        ("# only\n\n", "is empty"),
    ],
)
def test_of_two_readings_neither_is_taken(text, why):
    with pytest.raises(TableError, match=why):
        _found(text)


NUMBERS = st.lists(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=2), min_size=2, max_size=8)


@settings(max_examples=60, deadline=None)
@given(rows=NUMBERS, delimiter=st.sampled_from([";", "\t"]), cut=st.integers(0, 3))
def test_a_cut_last_line_does_not_count(rows, delimiter, cut):
    lines = ["a" + delimiter + "b", *(delimiter.join(repr(x).replace(".", ",") for x in row) for row in rows)]
    text = "\n".join(lines)
    found = _found(text[: len(text) - cut], whole=False)
    assert (found.delimiter, found.skipped) == (delimiter, 1)


def test_rows_before_the_data_are_counted_with_empty_lines_and_without_comments():
    assert _found("\n# c\n ;;\na;b\n\n1/h;-\n1;2\n").skipped == 5
    assert [is_empty_line(row) for row in ([], [" "], [""], ["", ""])] == [True, True, False, False]
