from pathlib import Path

import pytest

from metagnn.errors import TableError
from metagnn.files.table_format import check_names, clean_name, is_label, is_text


@pytest.mark.parametrize(
    ("names", "text"),
    [(["a", " "], "column 2 has no name"), (["a", "b", "a"], "column 'a' appears more than once")],
)
def test_a_column_without_a_name_of_its_own_is_named(names, text):
    with pytest.raises(TableError, match=f"'t.csv': {text}"):
        check_names(names, Path("t.csv"))


def test_names_that_differ_pass_and_white_space_is_no_difference():
    check_names(["a", "A", "a_"], Path("t.csv"))
    for names in (["a", "a "], ["sample", "\tSample"]):
        with pytest.raises(TableError, match=f"column '{names[0]}' appears more than once"):
            check_names(names, Path("t.csv"))


def test_columns_of_text_are_known_in_any_case():
    assert all(is_label(name) and is_text(name) for name in ("sample", " Strain", "NOTES"))
    assert is_text("Knockout")
    assert not any(is_label(name) for name in ("knockout", "EX_a", "samples", 3, None))
    assert [clean_name(name) for name in (" Sample", "EX_A ", "knockout")] == ["sample", "EX_A", "knockout"]
