import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metagnn.datasets.rates import read_rates
from metagnn.datasets.targets import read_targets
from metagnn.errors import InputError, TableError
from metagnn.fba.simulate import media_bounds
from metagnn.files.table_formats import WRITTEN
from metagnn.files.table_reader import read_table, read_table_chunks
from metagnn.files.table_values import flags_as_numbers, numeric_values
from metagnn.files.table_writer import write_table
from metagnn.inputs import read_conditions


@settings(max_examples=25, deadline=None)
@given(
    values=st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=20), ending=st.integers(0, 1)
)
def test_round_trip_keeps_every_bit_and_every_gap(tmp_path_factory, values, ending):
    path = tmp_path_factory.mktemp("tables") / ("table.csv", "table.parquet")[ending]
    table = pd.DataFrame(
        {
            "sample": [f"00{row}" for row in range(len(values))],
            "status": ["optimal"] * len(values),
            "knockout": ["PGI;b1779"] * len(values),
            "a": values,
            "b": [np.nan, *values[1:]],
        }
    )
    write_table(table, path)
    pd.testing.assert_frame_equal(read_table(path), table, check_exact=True)


def _csv(tmp_path, content):
    path = tmp_path / "table.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_missing_files_and_unknown_endings(tmp_path):
    with pytest.raises(TableError, match="no table at"):
        read_table(tmp_path / "none.csv")
    with pytest.raises(TableError, match=r"unknown ending; expected \.csv or \.tsv or \.xlsx or \.parquet"):
        read_table(tmp_path / "table.txt")
    with pytest.raises(TableError, match="unknown ending"):
        write_table(pd.DataFrame({"a": [1]}), tmp_path / "table.txt")
    with pytest.raises(TableError, match="'a' appears more than once"):
        write_table(pd.DataFrame([[1, 2]], columns=["a", "a"]), tmp_path / "table.csv")


@settings(max_examples=20, deadline=None)
@given(samples=st.integers(1, 25), rows=st.integers(1, 30), ending=st.sampled_from([".csv", ".parquet"]))
def test_chunks_together_are_the_table_and_none_is_too_long(tmp_path_factory, samples, rows, ending):
    path = tmp_path_factory.mktemp("chunks") / f"table{ending}"
    rng = np.random.default_rng(samples)
    table = pd.DataFrame({"sample": [f"00{row}" for row in range(samples)], "a": rng.normal(size=samples)})
    table["gap"] = np.where(rng.random(samples) < 0.5, np.nan, 1 / 3)
    write_table(table, path)
    chunks = list(read_table_chunks(path, rows))
    assert [len(chunk) for chunk in chunks] == [min(rows, samples - start) for start in range(0, samples, rows)]
    whole = pd.concat(chunks, ignore_index=True)
    pd.testing.assert_frame_equal(whole, read_table(path), check_exact=True)


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("", "is empty"),
        ("EX_a,EX_b\n", "has a header but no rows"),
        ("EX_a,EX_a\n1,2\n", "column 'EX_a' appears more than once"),
        (b"EX_a\n\x81\n", "is neither UTF-8 nor Windows-1252 text"),
    ],
)
def test_damage_is_named_before_the_first_chunk(tmp_path, content, text):
    with pytest.raises(TableError, match=text):
        next(read_table_chunks(_csv(tmp_path, content), 2))


def test_text_among_numbers_is_named_with_its_row_in_the_file_once_its_chunk_comes(tmp_path):
    path = _csv(tmp_path, "EX_a\n" + "1\n" * 7 + "high\n" + "1\n" * 5)
    chunks = read_table_chunks(path, 5)
    assert len(next(chunks)) == 5
    with pytest.raises(TableError, match="column 'EX_a', row 7: 'high' is no number"):
        next(chunks)


def test_chunks_of_missing_files_and_damaged_parquet_are_refused(tmp_path):
    with pytest.raises(TableError, match="no table at"):
        next(read_table_chunks(tmp_path / "none.csv", 2))
    path = tmp_path / "table.parquet"
    path.write_bytes(b"PAR1 nonsense")
    with pytest.raises(TableError, match="cannot be read as Parquet"):
        next(read_table_chunks(path, 2))


CELLS = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False),
    st.integers(-(2**40), 2**40),
    st.booleans(),
    st.sampled_from(["", "high", "1e5", "007", "inf", "True", "1_000", "1,000,5", "n.d.", "NA", "NULL", "−3", "<1"]),
)


@pytest.mark.filterwarnings("ignore::metagnn.errors.TableWarning")
@settings(max_examples=60, deadline=None)
@given(cells=st.lists(CELLS, min_size=1, max_size=6))
def test_a_file_and_the_same_table_as_a_dataframe_are_parsed_alike(tmp_path_factory, cells):
    path = tmp_path_factory.mktemp("alike") / "table.csv"
    pd.DataFrame({"status": "optimal", "EX_a": cells}).to_csv(path, index=False)
    frame = pd.read_csv(path, float_precision="round_trip")
    results = []
    for read in (lambda: read_table(path), lambda: next(read_table_chunks(path, 99)), lambda: frame):
        try:
            results.append(numeric_values(read()[["EX_a"]]).tobytes())
        except TableError as error:
            results.append(re.sub(r"^'.*', line \d+: ", "", str(error)))
    assert results[0] == results[1] == results[2]


@pytest.mark.parametrize("ending", WRITTEN)
def test_true_and_false_stay_what_they_are_in_every_format(tmp_path, ending):
    path = tmp_path / f"table{ending}"
    table = pd.DataFrame({"EX_a": [True, False], "EX_b": [True, None]})
    write_table(table, path)
    for name in table:
        with pytest.raises(TableError, match=f"column '{name}', row 0: 'True' is no number"):
            numeric_values(read_table(path)[[name]])
    assert np.array_equal(flags_as_numbers(read_table(path)), [[1, 1], [0, np.nan]], equal_nan=True)


def test_true_and_false_are_refused_with_their_line_where_no_list_of_what_media_hold_is_read(tmp_path):
    path = _csv(tmp_path, "EX_a;EX_b\n1;True\n2;False\n")
    for read in (lambda: read_table(path, flags=False), lambda: next(read_table_chunks(path, 1))):
        with pytest.raises(TableError, match=r"table\.csv', line 2: column 'EX_b', row 0: 'True' is no number"):
            read()


READERS = {
    "media": lambda network, table: media_bounds(network, table),
    "max_uptake": lambda network, table: read_conditions(network, table, "max_uptake").lower.numpy(),
    "present": lambda network, table: read_conditions(network, table, "present").lower.numpy(),
    "rates": lambda network, table: read_conditions(network, table, "rates").measured.numpy(),
    "targets": lambda network, table: read_targets(network, table, table.index).observed.numpy(),
    "reconcile": lambda network, table: read_rates(network, table).rates,
}
LABELLED = st.fixed_dictionaries(
    {
        "EX_glc__D_e": st.sampled_from(
            ["1", " 1 ", "1.5", "0", "true", "", "nan", "n.d.", "NULL", "high", "−2", "1,000,5"]
        )
    },
    optional={
        "status": st.sampled_from(["optimal", "", "infeasible"]),
        "Sample": st.sampled_from(["01", "a"]),
        "strain": st.sampled_from(["K-12", "NA", "3"]),
        "knockout": st.sampled_from(["PGI", "PGI,TPI", "PGI b1779", "-", ""]),
        "EX_glc__D_e_std": st.sampled_from(["0.1", "", "-", "high"]),
        " EX_o2_e": st.sampled_from(["1", "True", "-"]),
        "EX_ac_e [mmol/gDW/h]": st.sampled_from(["0", "1"]),
    },
)


@pytest.mark.filterwarnings("ignore::metagnn.errors.TableWarning")
@pytest.mark.parametrize("reader", READERS)
@settings(max_examples=15, deadline=None)
@given(cells=LABELLED)
def test_what_a_file_holds_is_accepted_and_refused_as_the_same_dataframe(tmp_path_factory, core, reader, cells):
    path = tmp_path_factory.mktemp("same") / "table.csv"
    frame = pd.DataFrame([cells, cells | ({"Sample": "b"} if "Sample" in cells else {})])
    frame.to_csv(path, index=False)
    results = []
    for table in (lambda: read_table(path), lambda: frame, lambda: pd.read_csv(path, keep_default_na=False)):
        try:
            results.append(np.asarray(READERS[reader](core, table())).tolist())
        except InputError:
            results.append("refused")
    assert str(results[0]) == str(results[1]) == str(results[2])
