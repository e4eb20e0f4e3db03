import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from metagnn.cli.parser import parse
from metagnn.cli.working_directory import leave_deleted_directory
from metagnn.errors import InputError


@pytest.fixture
def deleted(tmp_path: Path) -> Iterator[None]:
    before, gone = os.getcwd(), tmp_path / "gone"
    gone.mkdir()
    os.chdir(gone)
    gone.rmdir()
    yield
    os.chdir(before)


@pytest.mark.parametrize("arguments", [["info", "e_coli_core"], ["info", "/models/a.xml"]])
@pytest.mark.usefixtures("deleted")
def test_absolute_paths_and_names_go_on(arguments: list[str]) -> None:
    leave_deleted_directory(parse(arguments))
    assert os.getcwd() == os.sep


@pytest.mark.parametrize(
    "arguments",
    [
        ["info", "a.xml"],
        ["benchmark", "models", "/a", "b", "--out", "/c"],
        ["simulate", "e_coli_core", "--media", "/a.csv", "--out", "b"],
    ],
)
@pytest.mark.usefixtures("deleted")
def test_relative_paths_are_refused(arguments: list[str]) -> None:
    with pytest.raises(InputError, match=r"is relative to the working directory, which was deleted"):
        leave_deleted_directory(parse(arguments))


def test_elsewhere_nothing_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    leave_deleted_directory(parse(["info", "a.xml"]))
    assert Path.cwd() == tmp_path
