"""A sample of `python -m tests.faults.environment`, in forked children."""

import os
from pathlib import Path

import pytest

from tests.faults.environment import SCENARIOS, Outcome, Scenario, try_scenario

SAMPLE = (
    "bytes \\xff, ASCII streams",
    "working directory deleted",
    "no standard streams at all",
    "a newline in every name",
)


@pytest.mark.skipif(os.name != "posix", reason="children are forked")
@pytest.mark.parametrize("scenario", [one for one in SCENARIOS if one.name in SAMPLE], ids=lambda one: ascii(one.name))
def test_commands_work(scenario: Scenario, tmp_path: Path) -> None:
    faults = dict(try_scenario(scenario, tmp_path, tmp_path / "none", ("info", "simulate", "identifiability")))
    assert faults == {"info": "", "simulate": "", "identifiability": ""}


@pytest.mark.skipif(os.name != "posix", reason="children are forked")
def test_relative_paths_in_a_deleted_folder_are_one_line(tmp_path: Path) -> None:
    (scenario,) = (one for one in SCENARIOS if one.relative)
    assert dict(try_scenario(scenario, tmp_path, tmp_path / "none", ("info", "simulate"))) == {
        "info": "",
        "simulate": "",
    }


@pytest.mark.parametrize(
    ("outcome", "fault"),
    [
        (Outcome(0, ""), ""),
        (Outcome(2, "metagnn: error: no\n"), "status 2, expected 0"),
        (Outcome(-11, ""), "status -11"),
        (Outcome(0, "Traceback (most recent call last)"), "status 0"),
    ],
)
def test_faults_are_noticed(outcome: Outcome, fault: str) -> None:
    found = outcome.fault((0,))
    assert found.startswith(fault)
    assert bool(found) == bool(fault)


def test_an_error_is_one_line() -> None:
    assert Outcome(2, "metagnn: error: a\n").fault((2,)) == ""
    assert "2 lines" in Outcome(2, "metagnn: error: a\nmetagnn: error: b\n").fault((2,))
    assert "0 lines" in Outcome(2, "Intel oneMKL FATAL ERROR\n").fault((2,))
