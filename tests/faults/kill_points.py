"""Kill every long command at each of its file events, go on, and compare with a run that was left alone.

    python -m tests.faults.kill_points              # every point of every command: ten minutes on a core
    python -m tests.faults.kill_points --share 0.1  # a tenth of the points
    python -m tests.faults.kill_points --thorough   # every way to go on after every kill: half an hour
    python -m tests.faults.kill_points train        # commands with this in their name

After each kill the command goes on with `--resume`, and after every third also in one of the other ways: without a flag
(it is refused in one line and changes nothing, or it runs), with `--force`, or with `--resume` killed again and
resumed. Each must end with the bytes of the run that was left alone, and nothing else in the folder. Kills that also
lose half of what was written last, and signals that a command handles, come at every third event. Linux only.
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.faults.commands import LONG_COMMANDS, OUT, LongCommand, shrink, write_inputs
from tests.faults.file_events import FileEvents
from tests.faults.forked_command import Ended, ForkedCommand, preload
from tests.faults.output_tree import differences, read_tree

ORPHANS_END = 5.0
"""Time in which workers must notice that the run that started them is gone [s]."""

CHECKS = ("plain", "resume", "force", "again")

SIGNALS = {"SIGINT": 130, "SIGTERM": 143, "SIGHUP": 129}
"""Signals that a command handles, and how it then ends."""


@dataclass(frozen=True)
class Failure:
    """What went wrong after one kill.

    Attributes:
        point: The event, counted from 1.
        event: The event in words.
        check: What was started after the kill, see `CHECKS`; or "workers".
        text: What was wrong.
    """

    point: int
    event: str
    check: str
    text: str

    def __str__(self) -> str:
        return f"n={self.point} before `{self.event}`, {self.check}: {self.text}"


@dataclass
class Campaign:
    """Kills of one command.

    Attributes:
        command: The command.
        victim: Who dies, see `file_events.VICTIMS`.
        torn: Whether half of the file that was written last is lost.
        thorough: Whether every kill is followed by every way to go on.
        twice: Whether to check first that two runs that are left alone write the same bytes.
        events: Number of file events of a run that is left alone.
        points: Number of kills.
        failures: What went wrong.
    """

    command: LongCommand
    victim: str = "all"
    torn: bool = False
    thorough: bool = False
    twice: bool = True
    events: int = 0
    points: int = 0
    failures: list[Failure] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The command, and how it is killed."""
        dies = {"all": "", "main": ", workers survive", "worker": ", one worker dies"}.get(
            self.victim, f", {self.victim}"
        )
        return self.command.name + dies + (", torn" if self.torn else "")

    def run(self, scratch: Path, share: float, seed: int) -> None:
        """Kill at a share of the points, at least one; the first is before the first event, the last after the last."""
        scratch.mkdir()
        self._inputs = scratch / "inputs"
        self._inputs.mkdir()
        write_inputs(self._inputs)
        self._expected, self.events = self._reference(scratch)
        rng = random.Random(seed)
        points = range(1, self.events + 2)
        if self.victim in SIGNALS or self.torn:
            share /= 1 if self.thorough else 3
        for point in points if share >= 1 else rng.sample(points, max(1, round(share * len(points)))):
            folder = scratch / str(point)
            folder.mkdir()
            self._kill_at(point, folder, rng)
            shutil.rmtree(folder)
        self.failures.sort(key=lambda failure: failure.point)

    def _reference(self, scratch: Path) -> tuple[dict[str, bytes], int]:
        trees = []
        for name in ("first", "second")[: 1 + self.twice]:
            folder = scratch / name
            folder.mkdir()
            events = FileEvents(folder / OUT, folder / "events")
            ended = self._start(folder, events=events)
            if ended.status != 0:
                raise RuntimeError(f"{self.command.name} ends with {ended.status}: {ended.err}")
            trees.append(read_tree(folder / OUT))
        if different := differences(trees[-1], trees[0]):
            self.failures.append(Failure(0, "", "left alone twice", different))
        return trees[0], len(events.lines())

    def _start(self, folder: Path, *flags: str, events: FileEvents | None = None, orphans: bool = False) -> Ended:
        def before() -> None:
            shrink()
            if events is not None:
                events.watch()

        command = ForkedCommand(self.command.words(self._inputs, *flags), folder, before)
        ended = command.wait()
        self._late = command if orphans else None
        if not orphans:
            command.left_after(0)
        return ended

    def _kill_at(self, point: int, folder: Path, rng: random.Random) -> None:
        events = FileEvents(folder / OUT, folder / "events", point, self.torn, self.victim)
        ended = self._start(folder, events=events, orphans=self.victim in ("main", *SIGNALS))
        survivor = self._late
        lines = events.lines()
        event = lines[point - 1] if len(lines) >= point else "the end"
        self.points += 1
        if self.victim == "worker" and ended.status not in (0, -9) and _one_line(ended):
            self.failures.append(Failure(point, event, "workers", f"{ended.status}: {ended.err[-300:]}"))
        if self.victim in SIGNALS and point <= self.events and (text := _interrupted(ended, SIGNALS[self.victim])):
            self.failures.append(Failure(point, event, "signal", text))
        for check in self._checks(point):
            copy = folder.with_name(f"{folder.name}-{check}")
            _copy(folder / OUT, copy / OUT)
            text = self._go_on(check, copy, rng)
            if text:
                self.failures.append(Failure(point, event, check, text))
            shutil.rmtree(copy)
        if survivor is not None:
            if self.victim == "main" and (text := self._beside_survivors(folder)):
                self.failures.append(Failure(point, event, "resume beside workers", text))
            if left := survivor.left_after(ORPHANS_END):
                self.failures.append(
                    Failure(point, event, "workers", f"{len(left)} outlive the run by {ORPHANS_END} s")
                )

    def _checks(self, point: int) -> Sequence[str]:
        if self.victim == "main":
            return ()
        if self.thorough and self.victim == "all":
            return CHECKS
        others = ("plain", "force", "again")
        return ("resume", others[point // 3 % 3]) if point % 3 == 0 and self.victim == "all" else ("resume",)

    def _beside_survivors(self, folder: Path) -> str:
        return self._matches(folder, self._start(folder, "--resume"))

    def _go_on(self, check: str, folder: Path, rng: random.Random) -> str:
        """Go on in one of the ways; return what was wrong."""
        if check == "plain":
            before = read_tree(folder / OUT)
            ended = self._start(folder)
            if ended.status == 2:
                after = read_tree(folder / OUT)
                # What a dead process was writing, and its lock, may go; a result that was whole is put in its place.
                changed = differences(_lasting(after), _lasting(before)) if after != self._expected else ""
                return _one_line(ended) or (f"refused, yet {changed}" if changed else "")
            return self._matches(folder, ended)
        if check == "again":
            second = rng.randint(1, self.events)
            self._start(folder, "--resume", events=FileEvents(folder / OUT, folder / "events", second, self.torn))
            text = self._matches(folder, self._start(folder, "--resume"))
            return text and f"second kill at {second}: {text}"
        return self._matches(folder, self._start(folder, f"--{check}"))

    def _matches(self, folder: Path, ended: Ended) -> str:
        if ended.status != 0:
            return f"exit {ended.status}: {ended.err.strip()[-300:]}"
        return differences(read_tree(folder / OUT), self._expected)


def _one_line(ended: Ended) -> str:
    """Whether an error is one line that says how to go on; else what it is."""
    lines = [line for line in ended.err.splitlines() if not line.startswith(("metagnn: warning", "metagnn: note"))]
    fine = len(lines) == 1 and lines[0].startswith("metagnn: error: ") and "--resume" in lines[0] + "--force"
    return "" if fine else f"exit {ended.status} with {len(lines)} lines: {ended.err.strip()[-300:]}"


def _interrupted(ended: Ended, status: int) -> str:
    """What is wrong with the end by a signal; empty if nothing is."""
    lines = [line for line in ended.err.splitlines() if not line.startswith(("metagnn: warning", "metagnn: note"))]
    kept = lines == ["metagnn: interrupted; finished work is kept, continue with --resume"]
    return "" if kept and ended.status == status else f"exit {ended.status}: {ended.err.strip()[-300:]}"


def _lasting(tree: dict[str, bytes]) -> dict[str, bytes]:
    """A tree without what exists only while a process writes."""
    passing = (".tmp", ".lock")
    return {
        name: content
        for name, content in tree.items()
        if not any(part.endswith(passing) for part in name.rstrip("/").split("/"))
    }


def _copy(state: Path, to: Path) -> None:
    to.parent.mkdir()
    if state.exists():
        shutil.copytree(state, to, symlinks=True)


def kill_one(campaign: Campaign, share: float, seed: int) -> Campaign:
    """Run one campaign; to be called in a process without threads, after `preload`."""
    with tempfile.TemporaryDirectory(prefix="metagnn-kills-") as scratch:
        campaign.run(Path(scratch, "campaign"), share, seed)
    return campaign


def campaigns(names: Sequence[str]) -> list[Campaign]:
    """The campaigns of the commands with one of these in their name; of all commands if there are none."""
    chosen = [command for command in LONG_COMMANDS if not names or any(name in command.name for name in names)]
    found = []
    for command in chosen:
        if command.workers:
            found += [Campaign(command, victim) for victim in ("all", "main", "worker", "SIGTERM", "SIGINT")]
        else:
            found += [Campaign(command), Campaign(command, torn=True), Campaign(command, "SIGTERM")]
    return found


def table(rows: Sequence[Campaign]) -> str:
    """A line for every campaign: points, and failures by what was started after the kill."""
    header = ("command", "events", "points", *CHECKS, "other", "other bytes")
    lines = [f"{header[0]:42}" + "".join(f"{name:>8}" for name in header[1:-1]) + f"{header[-1]:>13}"]
    for row in rows:
        kinds = Counter(failure.check for failure in row.failures)
        other = sum(count for kind, count in kinds.items() if kind not in CHECKS)
        data = sum("other bytes" in failure.text or "missing" in failure.text for failure in row.failures)
        counts = (row.events, row.points, *(kinds[check] for check in CHECKS), other)
        lines.append(f"{row.name:42}" + "".join(f"{count:8}" for count in counts) + f"{data:13}")
    return "\n".join(lines)


def main() -> int:
    """Print the table and the failures; return 0 if there are none, else 1."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="parts of the names of the commands (default: all)")
    parser.add_argument("--share", type=float, default=1.0, help="share of the points (default 1: every point)")
    parser.add_argument("--seed", type=int, default=0, help="seed of the draws (default 0)")
    parser.add_argument("--thorough", action="store_true", help="go on in every way after every kill")
    chosen = parser.parse_args()
    preload()
    sys.stdout.write(table([]) + "\n")
    failed = False
    for campaign in campaigns(chosen.names):
        campaign.thorough = chosen.thorough
        kill_one(campaign, chosen.share, chosen.seed)
        lines = [table([campaign]).splitlines()[1], *(f"    {failure}" for failure in campaign.failures)]
        sys.stdout.write("\n".join(lines) + "\n")
        sys.stdout.flush()
        failed = failed or bool(campaign.failures)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
