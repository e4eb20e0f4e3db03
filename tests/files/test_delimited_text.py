import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metagnn.errors import TableError, TableWarning
from metagnn.files.delimited_text import DelimitedText
from metagnn.files.table_reader import describe_table, read_table, read_table_chunks
from metagnn.files.table_writer import text_of_rows, write_table


def _csv(tmp_path, content):
    path = tmp_path / "table.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_byte_order_mark_windows_line_ends_quotes_and_whole_numbers(tmp_path):
    table = read_table(_csv(tmp_path, b'\xef\xbb\xbf"EX_a",EX_b\r\n1,\r\n2,3\r\n'))
    assert list(table.columns) == ["EX_a", "EX_b"]
    assert table["EX_a"].tolist() == [1, 2]
    assert np.isnan(table["EX_b"][0])


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("", "is empty; expected a header and at least one row"),
        ("\n\n", "is empty"),
        ("EX_a,EX_b\n", "has a header but no rows"),
        ("EX_a,EX_a\n1,2\n", "column 'EX_a' appears more than once"),
        ("EX_a,\n1,2\n", "column 2 has no name"),
        ("EX_a,EX_b\n1,2\n3,high\n", "column 'EX_b', row 1: 'high' is no number"),
        ("EX_a\nTrue\n1\n", "column 'EX_a', row 0: 'True' is no number"),
        ("EX_a,EX_b\n1,2\n3\n", "line 3: 1 cells; expected 2"),
        ("EX_a,EX_b\n1,2,3\n", "line 2: 3 cells; expected 2"),
        ('EX_a,EX_b\n1,"2\n', "no CSV"),
        (b"EX_a\n\xff\xfe\n", "line 2: column 'EX_a', row 0: 'ÿþ' is no number"),
        (b"EX_a\n\x81\n", "is neither UTF-8 nor Windows-1252 text"),
    ],
)
def test_damaged_csv_is_named(tmp_path, content, text):
    with pytest.raises(TableError, match=text):
        read_table(_csv(tmp_path, content))


def test_a_short_row_at_the_end_is_named_before_anything_is_computed(tmp_path):
    path = _csv(tmp_path, "EX_a,EX_b\n" + "1,2\n" * 50 + "3\n")
    with pytest.raises(TableError, match="line 52: 1 cells; expected 2"):
        next(read_table_chunks(path, 10))


def test_the_byte_that_is_no_text_is_counted_from_the_start_of_the_file(tmp_path):
    path = _csv(tmp_path, b"EX_a\n" + b"1\n" * 100_000 + b"\x81\n")
    for read in (lambda: read_table(path), lambda: next(read_table_chunks(path, 5))):
        with pytest.raises(TableError, match=r"byte 200005"):
            read()


def test_another_separator_is_another_format(tmp_path):
    path = tmp_path / "table.tsv"
    path.write_text("sample\tEX_a\na, b\t1.5\n")
    tabs = DelimitedText(".tsv", "TSV", "\t", ("\t",))
    table = next(tabs.open_table(path).chunks)
    assert table.to_dict("list") == {"sample": ["a, b"], "EX_a": [1.5]}
    with path.with_name("again.tsv").open("wb") as file:
        tabs.open_writer(file, path).write(table)
    assert path.with_name("again.tsv").read_text() == path.read_text()
    path.write_text("EX_a\tEX_b\n1\n")
    with pytest.raises(TableError, match="line 2: 1 cells; expected 2"):
        tabs.open_table(path, 1)


@st.composite
def dialects(draw):
    """A table, and the bytes of the same table in some dialect."""
    rows = draw(st.integers(1, 5))
    numbers = st.lists(st.none() | st.floats(-1e9, 1e9), min_size=rows, max_size=rows)
    texts = st.lists(
        st.text('aé#;,\t" µ', min_size=1, max_size=5).map(lambda t: f"x{t}x"), min_size=rows, max_size=rows
    )
    table = pd.DataFrame({"notes": draw(texts), "EX_a": [0.5] * rows, "EX_b": draw(numbers)}).astype({"EX_b": float})
    decimal = draw(st.sampled_from([".", ","]))
    delimiter = draw(st.sampled_from([";", "\t", ","]))
    unit_row, comment = draw(st.booleans()), draw(st.booleans())
    trailing = delimiter * draw(st.integers(0, 2))
    lines = ['# a "comment'] * comment + [delimiter.join(table.columns) + trailing]
    lines += [delimiter.join(["", "mmol/gDW/h", "-"])] * unit_row
    for note, *cells in table.itertuples(index=False):
        written = ["" if cell != cell else repr(cell).replace(".", decimal) for cell in cells]
        quoted = [f'"{cell}"' if delimiter in cell else cell for cell in written]
        note = '"' + note.replace('"', '""') + '"'
        lines += [delimiter.join([note, *quoted]) + trailing] + ["# c"] * comment + [""] * draw(st.integers(0, 1))
    end = draw(st.sampled_from(["\n", "\r\n"]))
    encoding = draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252"]))
    if unit_row:
        table = table.rename(columns={"EX_a": "EX_a [mmol/gDW/h]"})
    return table, (end.join(lines) + end).encode(encoding)


@pytest.mark.filterwarnings("ignore::metagnn.errors.TableWarning")
@settings(max_examples=60, deadline=None)
@given(dialects())
def test_a_table_in_any_dialect_reads_back_as_the_same_table(tmp_path_factory, case):
    table, content = case
    path = tmp_path_factory.mktemp("dialects") / "table.csv"
    path.write_bytes(content)
    pd.testing.assert_frame_equal(read_table(path), table, check_exact=True, check_dtype=False)
    chunks = pd.concat(read_table_chunks(path, 2), ignore_index=True)
    pd.testing.assert_frame_equal(chunks, table, check_exact=True, check_dtype=False)


def test_it_is_said_how_a_table_was_read(tmp_path):
    path = tmp_path / "t.csv"
    text = "# by hand\nsample;Strain;EX_a;mu\n;;mmol/gDW/h;1/h\na;K-12;-1,5;n.d.\nb;wt;2;0,5\n"
    path.write_bytes(text.encode("utf-16"))
    said = (
        "semicolon-separated with decimal comma, UTF-16, units in row 2, 1 comment line left out, strain as label, "
        "'n.d.' as missing"
    )
    with pytest.warns(TableWarning, match=f"was read as {said}") as warned:
        table = read_table(path)
    assert len(warned) == 1
    assert describe_table(path) == said
    assert table["EX_a [mmol/gDW/h]"].tolist() == [-1.5, 2.0]


def test_a_plain_table_is_read_without_a_word(tmp_path, recwarn):
    path = _csv(tmp_path, "sample,status,knockout,EX_a\n1,optimal,,\n2,optimal,PGI,1.5\n")
    assert read_table(path)["sample"].tolist() == ["1", "2"]
    assert describe_table(path) == ""
    assert not recwarn.list


def test_what_comes_after_the_head_is_read_in_the_dialect_of_the_head(tmp_path):
    rows = "1;2\n" * 17_000
    path = _csv(tmp_path, f"notes;EX_a\n{rows}ü;1\n# late\nx;n.d.\n")
    path.write_bytes(path.read_bytes().decode().encode("cp1252"))
    assert describe_table(path) == (
        "semicolon-separated, Windows-1252, 1 comment line left out, notes as label, 'n.d.' as missing"
    )
    path = _csv(tmp_path, f"EX_a;EX_b\n{rows}1,5;2\n")
    with pytest.raises(TableError, match="line 17002: column 'EX_a', row 17000: '1,5' is no number: it has a comma"):
        read_table(path)


def test_labels_that_look_like_comments_are_quoted_when_written(tmp_path):
    table = pd.DataFrame({"sample": ["#1", "2"], "EX_a": [1.0, 2.0]})
    write_table(table, tmp_path / "t.csv")
    with (tmp_path / "t.csv").open("ab") as file:
        file.write(text_of_rows(table, tmp_path / "t.csv", False))
    assert read_table(tmp_path / "t.csv")["sample"].tolist() == ["#1", "2"] * 2


def test_a_header_may_be_longer_than_the_head_of_a_file(tmp_path):
    # The reactions of a large model have names of more than 64 KiB.
    names = [f"EX_metabolite_{column}_e" for column in range(5000)]
    path = _csv(tmp_path, "# note\n" + ",".join(names) + "\n" + ",".join("1" * 5000) + "\n")
    with pytest.warns(TableWarning, match="1 comment line left out"):
        table = read_table(path)
    assert list(table.columns) == names
    assert (table.to_numpy() == 1).all()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"EX_a\n" + b"1" * (34 << 20), "has a line of more than 32 MiB"),
        (b"EX_a,EX_b\n1," + b"1" * 200_000, "field larger than field limit"),
        (b'EX_a\n"' + b"1\n" * 100_000, "field larger than field limit"),
        (b'EX_a\n"1\n', "unexpected end of data"),
        (b"EX_a\n1\n" * 20_000 + b"\0", "zero bytes|is no number|line contains NUL"),
    ],
)
def test_endless_lines_and_cells_are_refused(tmp_path, content, message):
    with pytest.raises(TableError, match=message):
        read_table(_csv(tmp_path, content))
