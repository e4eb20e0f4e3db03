import gzip
import io
import zipfile

import pandas as pd
import pytest

from metagnn.errors import TableError
from metagnn.files.file_kind import check_kind
from metagnn.files.table_reader import read_table

TEXT = b"EX_a,EX_b\n1,2\n"


def _zip():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("xl/workbook.xml", "")
    return file.getvalue()


def _parquet():
    file = io.BytesIO()
    pd.DataFrame({"EX_a": [1.0]}).to_parquet(file)
    return file.getvalue()


CONTENTS = {"csv": TEXT, "xlsx": _zip(), "parquet": _parquet(), "gz": gzip.compress(TEXT)}


@pytest.mark.parametrize("inside", CONTENTS)
@pytest.mark.parametrize("ending", ["csv", "tsv", "xlsx", "parquet"])
def test_a_file_that_is_something_else_than_its_ending_says_is_refused_by_name(tmp_path, inside, ending):
    if inside in (ending, "csv") and ending in ("tsv", "csv", inside):
        return
    path = tmp_path / f"table.{ending}"
    path.write_bytes(CONTENTS[inside])
    with pytest.raises(TableError, match=rf"'.*table\.{ending}' (is no|does not begin)") as refused:
        read_table(path)
    assert "\n" not in str(refused.value)


def test_text_has_no_signature(tmp_path):
    path = tmp_path / "t.csv"
    path.write_bytes(TEXT)
    check_kind(path)
    with pytest.raises(TableError, match=r"does not begin as a \.parquet file"):
        check_kind(path, ".parquet")
