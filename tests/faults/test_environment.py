"""A sample of `python -m tests.faults.environment`, in forked children."""

import os
from pathlib import Path

import pytest

from tests.faults.environment import SCENARIOS, Outcome, try_scenario

SAMPLE = {
    "bytes \\xff, ASCII streams": ("simulate",),
    "working directory deleted": ("info",),
    "working directory deleted, relative paths": ("simulate",),
    "no standard streams at all": ("info",),
}
"""Scenarios, and the commands to try in each: a command costs a second."""


@pytest.mark.skipif(os.name != "posix", reason="children are forked")
@pytest.mark.parametrize(("name", "commands"), SAMPLE.items(), ids=ascii)
def test_commands_work_or_say_why_not(name: str, commands: tuple[str, ...], tmp_path: Path) -> None:
    (scenario,) = (one for one in SCENARIOS if one.name == name)
    faults = dict(try_scenario(scenario, tmp_path, tmp_path / "none", commands))
    assert faults == dict.fromkeys(commands, "")


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
