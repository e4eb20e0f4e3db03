"""Every command in hostile surroundings: odd paths, locales, folders that are missing, streams that are closed.

`python -m tests.faults.environment [WORDS]` tries all scenarios whose name holds one of the words, and prints a table.
A command passes if it works or ends with status 2 and one line; which of both is part of the scenario.
"""

from __future__ import annotations

import io
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

WORKS, REFUSES, EITHER = (0,), (2,), (0, 2)

MODEL = {
    "id": "small",
    "version": "1",
    "compartments": {"c": "", "e": ""},
    "metabolites": [
        {"id": "a", "name": "A → α", "compartment": "e", "formula": "C6H12O6", "charge": 0},
        {"id": "o", "name": "O", "compartment": "e", "formula": "O2", "charge": 0},
        {"id": "b", "name": "B", "compartment": "c", "formula": "C2H4O2", "charge": 0},
    ],
    "genes": [],
}
EQUATIONS = {
    "EX_a": ({"a": -1}, -10, 1000),
    "EX_o": ({"o": -1}, -10, 1000),
    "ferment": ({"a": -1, "b": 3}, 0, 1000),
    "respire": ({"a": -1, "o": -1, "b": 4}, 0, 1000),
    "EX_b": ({"b": -1}, 0, 1000),
    "growth": ({"b": -3}, 0, 1000),
}


@dataclass(frozen=True)
class Scenario:
    """One kind of surroundings.

    Attributes:
        name: What is unusual.
        odd: Put into the names of all folders and files.
        flags: Options of the interpreter.
        variables: Environment; None removes one. `{lost}` is a folder that does not exist, `{closed}` one that
            nobody may write.
        fresh: Whether the interpreter must start in it; else a forked child enters it.
        enter: What the forked child does first, in the folder of the scenario.
        relative: Whether paths are relative to the folder of the scenario.
        status: Exit statuses that are right.
    """

    name: str
    odd: bytes = b""
    flags: tuple[str, ...] = ()
    variables: dict[str, str | None] = field(default_factory=dict)
    fresh: bool = False
    enter: Callable[[], object] = lambda: None
    relative: bool = False
    status: tuple[int, ...] = WORKS
    encoding: str = "utf-8"


def _close_standard_streams() -> None:
    sys.stdout = sys.stderr = sys.stdin = None  # type: ignore[assignment]


def _delete_working_directory() -> None:
    folder = tempfile.mkdtemp()
    os.chdir(folder)
    os.rmdir(folder)


def _few_files() -> None:
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))


SCENARIOS = (
    Scenario("usual"),
    Scenario("bytes \\xff in every name", odd=b"\xff"),
    Scenario("bytes \\xff, ASCII streams", odd=b"\xff", encoding="ascii"),
    Scenario("a space, % and [ in every name", odd=b" %s [*] {x}"),
    Scenario("a newline in every name", odd=b"\nx"),
    Scenario("a leading dash in every name", odd=b"-", status=EITHER),
    Scenario("letters of another script", odd="→α é".encode()),
    Scenario("ASCII streams", encoding="ascii"),
    Scenario("latin-1 streams", encoding="latin-1"),
    Scenario(
        "LC_ALL=C without UTF-8 mode",
        variables={"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        fresh=True,
    ),
    Scenario(
        "LC_ALL=C, bytes \\xff in every name",
        odd=b"\xff",
        variables={"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        fresh=True,
    ),
    Scenario("PYTHONIOENCODING=ascii", variables={"PYTHONIOENCODING": "ascii"}, fresh=True),
    Scenario("working directory deleted", enter=_delete_working_directory),
    Scenario(
        "working directory deleted, relative paths", enter=_delete_working_directory, relative=True, status=REFUSES
    ),
    Scenario("HOME missing", variables={"HOME": "{lost}", "XDG_CACHE_HOME": None, "XDG_CONFIG_HOME": None}, fresh=True),
    Scenario("HOME not set", variables={"HOME": None}, fresh=True),
    Scenario("HOME not writable", variables={"HOME": "{closed}"}, fresh=True),
    Scenario("TMPDIR missing", variables={"TMPDIR": "{lost}"}, fresh=True),
    Scenario("TMPDIR not writable", variables={"TMPDIR": "{closed}"}, fresh=True),
    Scenario("no terminal: TERM=dumb, COLUMNS=1", variables={"TERM": "dumb", "COLUMNS": "1"}),
    Scenario("standard input closed", enter=lambda: os.close(0)),
    Scenario("no session", enter=os.setsid),
    Scenario("no standard streams at all", enter=_close_standard_streams),
    Scenario("umask 077", enter=lambda: os.umask(0o077)),
    Scenario("64 open files", enter=_few_files, status=EITHER),
    Scenario("a name of 300 characters", odd=b"", enter=lambda: None, status=REFUSES),
    Scenario("python -I", flags=("-I",), fresh=True),
    Scenario("python -O", flags=("-O",), fresh=True),
    Scenario("python -OO", flags=("-OO",), fresh=True),
    Scenario("python -W error", flags=("-W", "error"), fresh=True),
    Scenario("another hash seed", variables={"PYTHONHASHSEED": "7"}, fresh=True),
)
LONG = "x" * 300


@dataclass(frozen=True)
class Outcome:
    """What became of a command.

    Attributes:
        status: Exit status; negative for a signal.
        errors: Standard error.
    """

    status: int
    errors: str

    def fault(self, allowed: Sequence[int]) -> str:
        """What is wrong with it, in words; empty if nothing is."""
        lines = [line for line in self.errors.splitlines() if "error:" in line]
        if "Traceback" in self.errors or self.status not in EITHER:
            return f"status {self.status}: {self.errors.strip().splitlines()[-1:] or ''}"
        if self.status not in allowed:
            return f"status {self.status}, expected {' or '.join(map(str, allowed))}: {self.errors.strip()[-200:]}"
        if self.status == 2 and len(lines) != 1:
            return f"{len(lines)} lines of error: {self.errors.strip()[-200:]}"
        return ""


def commands(folder: Path, odd: str, predictor: Path, out: str = "") -> dict[str, list[str]]:
    """Every command by name, with its files in a folder, which is written."""
    folder.mkdir(parents=True, exist_ok=True)

    def written(name: str, text: str) -> str:
        stem, _, ending = name.partition(".")
        path = folder / f"{odd if odd == '-' else ''}{stem}{odd}.{ending}"
        path.write_text(text, encoding="utf-8")
        return str(path)

    def to(name: str) -> str:
        stem, _, ending = name.partition(".")
        return str(folder / (f"{stem}{odd}{out}.{ending}" if ending else f"{stem}{odd}{out}"))

    reactions = [
        {
            "id": name,
            "name": name,
            "metabolites": sides,
            "lower_bound": low,
            "upper_bound": high,
            "gene_reaction_rule": "",
            "objective_coefficient": float(name == "growth"),
        }
        for name, (sides, low, high) in EQUATIONS.items()
    ]
    model = written("model.json", json.dumps(MODEL | {"reactions": reactions}))
    rows = [
        (a, o, (3 * a + min(a, o)) / 3) for a, o in ((1, 2), (3, 1), (5, 5), (8, 2), (2, 9), (4, 1), (6, 3), (7, 7))
    ]
    media = written("media.csv", "EX_a,EX_o\n" + "".join(f"{a},{o}\n" for a, o, _ in rows))
    growth = written("growth.csv", "growth\n" + "".join(f"{g}\n" for _, _, g in rows))
    fluxes = written("fluxes.csv", ",".join(EQUATIONS) + "\n-1,-1,0,1,1,1\n")
    rates = written("rates.csv", "EX_a,EX_o,growth\n" + "".join(f"{-a},{-min(a, o)},{g}\n" for a, o, g in rows))
    prices = written("prices.csv", "EX_a,EX_o\n1,2\n")
    saved = folder / f"saved{odd}"
    if predictor.exists():
        shutil.copytree(predictor, saved, dirs_exist_ok=True)
    return {
        "info": ["info", model],
        "simulate": ["simulate", model, "--media", media, f"--out={to('labels.csv')}", "--plot", to("labels.png")],
        "simulate --jobs 2": ["simulate", model, "--media", media, "--out", to("two.csv"), "--jobs", "2"],
        "train": ["train", model, "--inputs", media, "--targets", growth, "--out", to("model"), "--epochs", "1"],
        "predict": ["predict", str(saved), "--inputs", media, "--out", to("predicted.csv"), "--model", model],
        "reconcile": ["reconcile", rates, "--model", model, "--out", to("reconciled")],
        "map": ["map", model, "--fluxes", fluxes, "--out", to("map.svg")],
        "identifiability": ["identifiability", model, "--measured", "EX_a,growth", "--out", to("determined.csv")],
        "bottlenecks": ["bottlenecks", model, "--media", media, "--out", to("limits.csv")],
        "suggest-medium": ["suggest-medium", model, "--prices", prices, "--budget", "5", "--out", to("best.csv")],
    }


def run_forked(scenario: Scenario, arguments: Sequence[str], log: Path) -> Outcome:
    """Enter the surroundings in a forked child, and run a command there."""
    pid = os.fork()
    if pid == 0:
        status = 70
        try:
            status = _in_child(scenario, arguments, log)
        finally:
            os._exit(status)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    return Outcome(status, log.read_text(errors="replace"))


def _in_child(scenario: Scenario, arguments: Sequence[str], log: Path) -> int:
    import traceback

    from metagnn.cli.main import main

    for name, value in scenario.variables.items():
        os.environ.pop(name, None) if value is None else os.environ.update({name: value})
    null, file = os.open(os.devnull, os.O_RDWR), os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for wanted, given in ((null, 0), (null, 1), (file, 2)):
        os.dup2(wanted, given)
    # As the interpreter opens them.
    sys.stdin = open(0, encoding=scenario.encoding, closefd=False)  # noqa: SIM115
    sys.stdout = io.TextIOWrapper(io.FileIO(1, "w", closefd=False), encoding=scenario.encoding)
    sys.stderr = io.TextIOWrapper(
        io.FileIO(2, "w", closefd=False), scenario.encoding, "backslashreplace", line_buffering=True
    )
    try:
        scenario.enter()
        status = main(arguments)
        if sys.stdout is not None:
            sys.stdout.flush()
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else 70
    except BaseException:  # noqa: BLE001
        os.write(2, traceback.format_exc().encode(errors="replace"))
        status = 70
    return status


def run_fresh(scenario: Scenario, arguments: Sequence[str], places: dict[str, str]) -> Outcome:
    """Start the interpreter in the surroundings."""
    variables = dict(os.environ)
    for name, value in scenario.variables.items():
        variables.pop(name, None)
        if value is not None:
            variables[name] = value.format(**places)
    root = str(Path(__file__).parents[2])
    # `-I` reads no PYTHONPATH.
    code = f"import sys; sys.path.insert(0, {root!r}); from metagnn.cli import main; sys.exit(main())"
    command = [sys.executable, *scenario.flags, "-c", code, *arguments]
    done = subprocess.run(command, env=variables, capture_output=True, stdin=subprocess.DEVNULL, check=False)
    return Outcome(done.returncode, done.stderr.decode(errors="replace"))


def try_scenario(
    scenario: Scenario, folder: Path, predictor: Path, only: Sequence[str] = ()
) -> Iterator[tuple[str, str]]:
    """Yield the commands with what is wrong with each in this scenario, or an empty text."""
    odd = os.fsdecode(scenario.odd)
    long = LONG if "300" in scenario.name else ""
    folder.mkdir(parents=True, exist_ok=True)
    # Nobody may write into the latter, not even root.
    places = {"lost": str(folder / "lost"), "closed": "/proc"}
    work = folder / f"work{odd}"
    for name, arguments in commands(work, odd, predictor, long).items():
        if only and name not in only:
            continue
        allowed = scenario.status
        if (long or scenario.relative) and name == "info":
            allowed = WORKS if long else REFUSES
        given = [os.path.relpath(a, work) if scenario.relative and str(work) in a else a for a in arguments]
        outcome = run_fresh(scenario, given, places) if scenario.fresh else run_forked(scenario, given, folder / "log")
        yield name, outcome.fault(allowed)


def train_predictor(folder: Path) -> Path:
    """Train the predictor that `predict` takes."""
    from metagnn.cli.main import main

    arguments = commands(folder, "", folder / "none")["train"]
    if main(arguments):
        raise RuntimeError("the predictor for the scenarios cannot be trained")
    return folder / "model"


def main(words: Sequence[str]) -> int:
    """Try all scenarios, or those whose name holds one of the words; print a table; return 1 if one fails."""
    failed = tried = 0
    with tempfile.TemporaryDirectory(prefix="metagnn-environment-") as text:
        root = Path(text)
        predictor = train_predictor(root / "prepared")
        for number, scenario in enumerate(SCENARIOS):
            if words and not any(word in scenario.name for word in words):
                continue
            faults = list(try_scenario(scenario, root / str(number), predictor))
            wrong = [(name, fault) for name, fault in faults if fault]
            tried, failed = tried + len(faults), failed + len(wrong)
            print(f"{scenario.name:45} {len(faults) - len(wrong):3} of {len(faults)}", flush=True)
            for name, fault in wrong:
                print(f"    {name}: {fault!a}", flush=True)
    print(f"{tried - failed} of {tried} as promised")
    return int(failed > 0)


def _say(*lines: str) -> None:
    for line in lines:
        sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
