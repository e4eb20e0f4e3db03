import numpy as np
import pandas as pd
import pytest

from metagnn.errors import TableError
from metagnn.files.table_reader import read_table
from metagnn.files.table_writer import TableWriter, append_rows, write_table


@pytest.fixture
def table() -> pd.DataFrame:
    numbers = pd.DataFrame(np.random.default_rng(0).normal(size=(11, 3)), columns=["growth", "EX_a", "EX_b"])
    numbers.iloc[3, 1] = np.nan
    numbers.insert(0, "status", ["optimal"] * 10 + ["infeasible"])
    return numbers


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_rows_written_in_parts_are_the_table_bit_by_bit(tmp_path, table, ending):
    path = tmp_path / f"table.{ending}"
    with TableWriter(path) as writer:
        for rows in (slice(0, 1), slice(1, 7), slice(7, 11)):
            writer.write(table[rows])
            assert not path.exists()
    pd.testing.assert_frame_equal(read_table(path), table, check_exact=True)
    whole = tmp_path / f"whole.{ending}"
    write_table(table, whole)
    pd.testing.assert_frame_equal(read_table(whole), table, check_exact=True)
    assert sorted(file.name for file in tmp_path.iterdir()) == sorted([path.name, whole.name])


def write_and_stop(path, table: pd.DataFrame) -> None:
    with TableWriter(path) as writer:
        writer.write(table)
        raise KeyboardInterrupt


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_whatever_stops_it_leaves_the_old_table_and_nothing_else(tmp_path, table, ending):
    path = tmp_path / f"table.{ending}"
    write_table(table[:2], path)
    with pytest.raises(KeyboardInterrupt):
        write_and_stop(path, table[:5])
    assert len(read_table(path)) == 2
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_columns_without_a_name_of_their_own_are_refused(tmp_path):
    with (
        pytest.raises(TableError, match="column 'a' appears more than once"),
        TableWriter(tmp_path / "t.csv") as writer,
    ):
        writer.write(pd.DataFrame([[1, 2]], columns=["a", "a"]))
    with pytest.raises(TableError, match="unknown ending"):
        TableWriter(tmp_path / "table.txt")
    assert not list(tmp_path.iterdir())


def test_appended_rows_are_the_table_byte_by_byte(tmp_path, table):
    grown, whole = tmp_path / "grown.csv", tmp_path / "whole.csv"
    for rows in (slice(0, 4), slice(4, 5), slice(5, 11)):
        append_rows(table[rows], grown)
    write_table(table, whole)
    assert grown.read_bytes() == whole.read_bytes()
    with pytest.raises(TableError, match="is Parquet, to which no rows can be appended"):
        append_rows(table, tmp_path / "grown.parquet")
    with pytest.raises(TableError, match="'status' appears more than once"):
        append_rows(table[["status", "status"]], tmp_path / "none.csv")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["grown.csv", "whole.csv"]
