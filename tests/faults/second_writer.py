"""Start two processes on the same output at about the same time: one does the work, the other is refused by name.

    python -m tests.faults.second_writer                  # every command and every flag 20 times: some minutes
    python -m tests.faults.second_writer --repetitions 3
    python -m tests.faults.second_writer train            # commands with this in their name

File events are slowed down, so that the runs overlap. A run that begins after the other has ended may work too: then
a plain one finds that the output exists, and `--force` does the work again. Linux only.
"""

from __future__ import annotations

import argparse
import random
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.faults.commands import LONG_COMMANDS, OUT, LongCommand, shrink, write_inputs
from tests.faults.file_events import FileEvents
from tests.faults.forked_command import Ended, ForkedCommand, preload
from tests.faults.output_tree import differences, read_tree

FLAGS = ((), ("--resume",), ("--force",))

COMMANDS = ("simulate CSV", "train", "reconcile", "reproduce")

PAUSE = 0.01
"""Delay of every file event [s]."""

JITTER = 0.15
"""Largest delay of a start [s]."""

PROBES = 12
"""Most file events of a run that only looks whether it may write."""


@dataclass
class Race:
    """Two processes on one output, several times.

    Attributes:
        command: What both run.
        flags: What the second one adds.
        pairs: Number of repetitions.
        refused: How many had one winner, and one that was refused by the name of the winner.
        apart: How many had a second run that began after the first had ended.
        failures: What went wrong.
    """

    command: LongCommand
    flags: tuple[str, ...]
    pairs: int = 0
    refused: int = 0
    apart: int = 0
    failures: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The command and the flags of the second process."""
        return " ".join((self.command.name, *self.flags))

    def run(self, scratch: Path, repetitions: int, seed: int) -> None:
        """Repeat, with starts at random times."""
        scratch.mkdir()
        self._inputs = scratch / "inputs"
        self._inputs.mkdir()
        write_inputs(self._inputs)
        alone = scratch / "alone"
        (alone / "a").mkdir(parents=True)
        self._start(alone, "a", 0.0, ())[0].wait()
        self._expected = read_tree(alone / OUT)
        rng = random.Random(seed)
        for number in range(repetitions):
            folder = scratch / str(number)
            folder.mkdir()
            delays = (0.0, rng.uniform(0, JITTER)) if rng.random() < 0.7 else (rng.uniform(0, JITTER), 0.0)
            self._race(folder, delays)
            shutil.rmtree(folder)

    def _start(self, folder: Path, name: str, delay: float, flags: tuple[str, ...]) -> tuple[ForkedCommand, FileEvents]:
        events = FileEvents(folder / OUT, folder / f"{name}.events", pause=PAUSE)

        def before() -> None:
            shrink()
            events.watch()
            time.sleep(delay)

        out = f"../{OUT}/"
        words = [word.replace(f"{OUT}/", out) for word in self.command.words(self._inputs, *flags)]
        return ForkedCommand(words, folder / name, before), events

    def _race(self, folder: Path, delays: tuple[float, float]) -> None:
        self.pairs += 1
        started = []
        for name, delay, flags in zip(("a", "b"), delays, ((), self.flags), strict=True):
            (folder / name).mkdir()
            started.append(self._start(folder, name, delay, flags))
        ends = [command.wait() for command, _ in started]
        text = self._judge(started, ends)
        if not text:
            text = differences(read_tree(folder / OUT), self._expected)
        if text:
            self.failures.append(f"repetition {self.pairs}, delays {delays[0]:.3f} and {delays[1]:.3f}: {text}")

    def _judge(self, started: Sequence[tuple[ForkedCommand, FileEvents]], ends: Sequence[Ended]) -> str:
        winners = [place for place, ended in enumerate(ends) if ended.status == 0]
        if not winners:
            return "nobody wrote: " + "; ".join(ended.err.strip()[-300:] for ended in ends)
        if len(winners) == 2:
            self.apart += 1
            return _together(started[0][1].times(), started[1][1].times())
        (winner,) = winners
        loser = ends[1 - winner]
        lines = loser.err.splitlines()
        if loser.status != 2 or len(lines) != 1:
            return f"the other ends with {loser.status}: {loser.err.strip()[-300:]}"
        if re.search(rf"\b{started[winner][0].pid}\b", lines[0]):
            self.refused += 1
            return ""
        # It came when the result was there already.
        self.apart += 1
        return "" if "exists; use --force" in lines[0] else f"refused without a name: {lines[0]}"


def _together(first: Sequence[float], second: Sequence[float]) -> str:
    """What is wrong with two runs that both worked: more than a look of one falls between the events of the other."""
    within = sum(first[0] < moment < first[-1] for moment in second)
    within = min(within, sum(second[0] < moment < second[-1] for moment in first))
    return f"both wrote at once: {within} events of one within the other" if within > PROBES else ""


def race(names: Sequence[str], repetitions: int, seed: int, show: bool = False) -> list[Race]:
    """Run all races; to be called in a process without threads, after `preload`."""
    chosen = [c for c in LONG_COMMANDS if c.name in COMMANDS and (not names or any(name in c.name for name in names))]
    found = [Race(command, flags) for command in chosen for flags in FLAGS]
    with tempfile.TemporaryDirectory(prefix="metagnn-races-") as scratch:
        for number, pair in enumerate(found):
            pair.run(Path(scratch, str(number)), repetitions, seed)
            if show:
                sys.stdout.write(table([pair]).splitlines()[1] + "\n")
                sys.stdout.flush()
    return found


def table(rows: Sequence[Race]) -> str:
    """A line for every race."""
    lines = [f"{'command, flag of the second':32}{'pairs':>8}{'refused':>9}{'apart':>8}{'failures':>10}"]
    lines += [f"{row.name:32}{row.pairs:8}{row.refused:9}{row.apart:8}{len(row.failures):10}" for row in rows]
    return "\n".join(lines)


def main() -> int:
    """Print the table and the failures; return 0 if there are none, else 1."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="parts of the names of the commands (default: all)")
    parser.add_argument("--repetitions", type=int, default=20, help="repetitions of each (default 20)")
    parser.add_argument("--seed", type=int, default=0, help="seed of the delays (default 0)")
    chosen = parser.parse_args()
    preload()
    sys.stdout.write(table([]) + "\n")
    found = race(chosen.names, chosen.repetitions, chosen.seed, show=True)
    for pair in found:
        for failure in pair.failures:
            sys.stdout.write(f"{pair.name}: {failure}\n")
    return int(any(pair.failures for pair in found))


if __name__ == "__main__":
    sys.exit(main())
