from pathlib import Path

import pytest

from metagnn.errors import TableError
from metagnn.studies.measured.registry import SETS


def test_the_sets_are_those_of_the_command_and_synthetic_needs_no_file() -> None:
    assert list(SETS) == ["nanchen", "gerosa", "kayser", "m28", "synthetic"]
    assert SETS["synthetic"].files == ()
    hidden, measured = SETS["synthetic"].experiments(SETS["synthetic"].read(Path("nowhere")))
    assert "hidden" in hidden.name
    assert "0.75" in measured.name


@pytest.mark.parametrize("name", [name for name, entry in SETS.items() if entry.files])
def test_a_set_whose_file_holds_something_else_says_so_in_one_line(name: str, tmp_path: Path) -> None:
    for file in SETS[name].files:
        (tmp_path / file).write_text("other\n1\n")
    with pytest.raises(TableError, match="lacks the column") as raised:
        SETS[name].read(tmp_path)
    assert "\n" not in str(raised.value)
