import csv
import io

from hypothesis import given, settings
from hypothesis import strategies as st

from metagnn.files.data_lines import DataLines

ROWS = st.lists(st.lists(st.text('a#",\n;', max_size=4), min_size=2, max_size=2), min_size=1, max_size=6)


@settings(max_examples=100, deadline=None)
@given(rows=ROWS, comments=st.lists(st.integers(0, 6), max_size=4), size=st.integers(1, 20))
def test_comments_between_rows_leave_the_rows_as_they_are(rows, comments, size):
    lines = []
    for position, row in enumerate(rows):
        lines += ['# a "comment,\n'] * comments.count(position)
        file = io.StringIO()
        csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\n").writerow(row)
        lines.append(file.getvalue())
    text = "".join(lines)
    read = DataLines(io.StringIO(text, newline=""))
    assert list(csv.reader(read, strict=True)) == rows
    assert read.comments == len([place for place in comments if place < len(rows)])
    assert read.number == text.count("\n")
    parts = DataLines(io.StringIO(text, newline=""))
    pieces = iter(lambda: parts.read(size), "")
    assert list(csv.reader(io.StringIO("".join(pieces), newline=""))) == rows


def test_a_first_line_may_declare_the_delimiter():
    lines = DataLines(io.StringIO("sep=;\r\na;b\r\n", newline=""))
    assert (list(lines), lines.declared, lines.number) == (["a;b\r\n"], ";", 2)
    later = DataLines(io.StringIO("a\nsep=;\n", newline=""))
    assert (list(later), later.declared) == (["a\n", "sep=;\n"], "")
