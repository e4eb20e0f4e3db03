import subprocess
import sys
from pathlib import Path

import pytest

from metagnn.cli import parser
from metagnn.errors import TableError
from metagnn.files.table_formats import ENDINGS, FORMATS, NAMES, WRITTEN, find_format


@pytest.mark.parametrize("known", FORMATS, ids=ENDINGS)
def test_an_ending_finds_its_format_in_either_case(known):
    assert find_format(Path(f"table{known.ending}")) is known
    assert find_format(Path(f"table{known.ending.upper()}")) is known
    assert find_format(Path(f"a.b{known.ending}")) is known


def test_a_format_that_is_only_read_is_not_written():
    for known in FORMATS:
        path = Path(f"table{known.ending}")
        if known.written:
            assert find_format(path, write=True) is known
        else:
            with pytest.raises(TableError, match="an ending that is only read; expected"):
                find_format(path, write=True)


@pytest.mark.parametrize("name", ["table", "table.txt", "table.csv.gz", "csv", ".csv"])
def test_an_unknown_ending_is_refused_with_the_known_ones(name):
    with pytest.raises(TableError, match="has an unknown ending") as refused:
        find_format(Path(name))
    assert all(ending in str(refused.value) for ending in ENDINGS)


def test_help_texts_name_every_format(capsys):
    for command, text in (
        ("reconcile", NAMES),
        ("simulate", ", ".join(ENDINGS)),
        ("identifiability", ", ".join(WRITTEN)),
    ):
        with pytest.raises(SystemExit):
            parser.parse([command, "--help"])
        assert text in " ".join(capsys.readouterr().out.split())


def test_the_formats_are_known_without_pandas():
    program = "import sys; import metagnn.files.table_formats; sys.exit('pandas' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
