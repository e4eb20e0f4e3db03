"""A worker that dies, hangs or fills memory is told apart from one that refuses."""

import os
import random
import signal
import sys
from pathlib import Path

import pytest

from tests.faults import workers
from tests.faults.fuzz_targets import TARGETS, AbstractTarget, Files


class Behaviour(AbstractTarget):
    """Does what its seed says, in the place of a command."""

    name = "behaviour"

    def __init__(self, deeds: list) -> None:
        self.deeds = deeds

    def make(self, rng: random.Random) -> Files:
        return {"deed": b""}

    def run(self, folder: Path, rng: random.Random) -> int:
        return self.deeds.pop(0)() or 0


def say(text: str, code: int) -> int:
    print(text, file=sys.stderr)
    return code


def fail():
    raise KeyError("x")


def die():
    # Not SIGSEGV, of which pytest's fault handler prints a page.
    os.kill(os.getpid(), signal.SIGKILL)


def spin():
    while True:
        pass


DEEDS = {
    "ok": lambda: 0,
    "refused": lambda: say("metagnn: error: no", 2),
    "unclean": lambda: say("metagnn: error: no\nand more", 2),
    "traceback": fail,
    "signal": die,
    "hang": spin,
    "memory": lambda: len(b"x" * (300 << 20)) * 0,
}


@pytest.mark.parametrize("outcome", DEEDS)
def test_every_outcome_is_told_apart(outcome: str, monkeypatch):
    monkeypatch.setitem(TARGETS, "behaviour", Behaviour([DEEDS[outcome], lambda: 0]))
    monkeypatch.setattr(workers, "SECONDS", 0.3)
    monkeypatch.setattr(workers, "MEMORY", 200 << 20)
    monkeypatch.setattr(signal, "alarm", lambda seconds: 0)
    results = workers.run_inputs("behaviour", [1])
    assert [result.outcome for result in results] == [outcome]
    assert results[0].failed == (outcome not in ("ok", "refused"))


def test_the_inputs_behind_a_death_are_run():
    results = workers.run_inputs("unitmap", range(3))
    assert [result.seed for result in results] == [0, 1, 2]


@pytest.mark.parametrize("said", ["metagnn: error: a\x1b[31m", "metagnn: error: a\nmetagnn: error: b", "Note"])
def test_an_error_is_one_line_that_steers_no_terminal(said: str):
    assert workers._judge(2, "", b"", said.encode())[0] == "unclean"
    assert workers._judge(0, "", b"\x1b[2J", b"")[0] == "unclean"
    assert workers._judge(2, "", b"", "metagnn: note: 'é'\nmetagnn: error: b\n".encode())[0] == "refused"
