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
