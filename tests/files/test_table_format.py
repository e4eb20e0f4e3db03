from pathlib import Path

import pytest

from metagnn.errors import TableError
from metagnn.files.table_format import check_names


@pytest.mark.parametrize(
    ("names", "text"),
    [(["a", " "], "column 2 has no name"), (["a", "b", "a"], "column 'a' appears more than once")],
)
def test_a_column_without_a_name_of_its_own_is_named(names, text):
    with pytest.raises(TableError, match=f"'t.csv': {text}"):
        check_names(names, Path("t.csv"))


def test_names_that_differ_pass():
    check_names(["a", "A", "a "], Path("t.csv"))
