import contextlib
import sys

import pandas as pd
import pytest

from metagnn.errors import TableError
from metagnn.files.table_reader import read_table, read_table_chunks
from metagnn.files.table_writer import write_table


def test_damaged_parquet_and_text_in_parquet(tmp_path):
    path = tmp_path / "table.parquet"
    path.write_bytes(b"PAR1 nonsense")
    with pytest.raises(TableError, match="cannot be read as Parquet"):
        read_table(path)
    write_table(pd.DataFrame({"EX_a": ["1", "two"]}), path)
    with pytest.raises(TableError, match="column 'EX_a', row 1: 'two' is no number"):
        read_table(path)


def test_missing_pyarrow_says_what_to_install(tmp_path, monkeypatch):
    path = tmp_path / "table.parquet"
    path.write_bytes(b"PAR1")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(TableError, match=r'pip install "metagnn\[parquet\]"'):
        read_table(path)


def test_an_index_that_pandas_stored_is_a_column_of_every_chunk(tmp_path):
    path = tmp_path / "table.parquet"
    pd.DataFrame({"EX_a": [1.0, 2.0]}, index=pd.Index([7, 8], name="EX_b")).to_parquet(path)
    pd.testing.assert_frame_equal(pd.concat(read_table_chunks(path, 1), ignore_index=True), read_table(path))
    assert list(read_table(path)) == ["EX_a", "EX_b"]


def test_what_a_file_claims_is_checked_before_it_is_read(tmp_path):
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    path = tmp_path / "table.parquet"
    parquet.write_table(pyarrow.table({"EX_a": pyarrow.nulls(60_000_000, pyarrow.float64())}), path)
    assert path.stat().st_size < 200_000
    with pytest.raises(TableError, match="60000000 rows of 1 columns; expected at most 50000000 cells"):
        read_table(path)
    text = pyarrow.DictionaryArray.from_arrays(pyarrow.array([0] * 500, pyarrow.int8()), pyarrow.array(["a" * 2**20]))
    parquet.write_table(pyarrow.table({"sample": text, "EX_a": [1.0] * 500}), path)
    # One text, however often it appears: half a gigabyte otherwise.
    names = read_table(path)["sample"]
    assert names.nunique() == 1
    assert names[0] is names[499]


@pytest.mark.parametrize("kind", ["list", "struct", "timestamp", "date", "text"])
def test_columns_of_other_types_are_refused_by_name(tmp_path, kind):
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    values = {
        "list": pyarrow.array([[1.0], [2.0]]),
        "struct": pyarrow.array([{"a": 1}, {"a": 2}]),
        "timestamp": pyarrow.array([1, 2], pyarrow.timestamp("ns")),
        "date": pyarrow.array([2**30, 1], pyarrow.date32()),
        "text": pyarrow.array([b"\xff\xfe", b"b"]).cast(pyarrow.string(), safe=False),
    }[kind]
    path = tmp_path / "table.parquet"
    parquet.write_table(pyarrow.table({"EX_a": values}), path)
    for read in (read_table, lambda path: list(read_table_chunks(path, 1))):
        with pytest.raises(TableError, match=r"table\.parquet'"):
            read(path)


def test_damaged_metadata_of_pandas_ends_in_no_traceback(tmp_path):
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    path = tmp_path / "table.parquet"
    for damage in (b"", b"{", b'{"index_columns": [1], "columns": 3}', b"\xff"):
        parquet.write_table(pyarrow.table({"EX_a": [1.0]}).replace_schema_metadata({b"pandas": damage}), path)
        # Refused or read: any other error fails here.
        with contextlib.suppress(TableError):
            assert read_table(path)["EX_a"].tolist() == [1.0]
