import numpy as np
import pandas as pd
import pytest

from metagnn.errors import TableError
from metagnn.files.table_reader import read_table
from metagnn.files.table_writer import TableWriter, text_of_rows, write_table


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


def test_parts_of_a_text_table_are_the_table_byte_by_byte(tmp_path, table):
    whole = tmp_path / "whole.csv"
    parts = [text_of_rows(table[rows], whole, rows.start == 0) for rows in (slice(0, 4), slice(4, 5), slice(5, 11))]
    write_table(table, whole)
    assert b"".join(parts) == whole.read_bytes()
    with pytest.raises(TableError, match="is Parquet, to which no rows can be appended"):
        text_of_rows(table, tmp_path / "grown.parquet", True)
    with pytest.raises(TableError, match="'status' appears more than once"):
        text_of_rows(table[["status", "status"]], whole, True)


def test_a_link_stays_and_what_it_means_is_replaced(tmp_path, table):
    (tmp_path / "far").mkdir()
    link, target = tmp_path / "table.csv", tmp_path / "far" / "target.dat"
    link.symlink_to(target)
    for rows in (slice(0, 4), slice(0, 11)):
        write_table(table[rows], link)
        assert link.is_symlink()
        assert target.read_bytes() == text_of_rows(table[rows], link, True)
    assert [path.name for path in target.parent.iterdir()] == [target.name]
