"""Verdicts as rows of a table, as a JSON file, and as what to do."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from metagnn.files.output import replace_file
from metagnn.studies.selftest.check import Measurement, Verdict

HEADER = ("about", "promise", "measured", "allowed", "tried on", "verdict", "s")

FILE = "selftest.json"


def verdict_rows(verdicts: Sequence[Verdict]) -> list[tuple[str, ...]]:
    """Return a row of text for every verdict, under `HEADER`."""
    return [_row(verdict) for verdict in verdicts]


def _row(verdict: Verdict) -> tuple[str, ...]:
    measurement, end = verdict.measurement, f"{verdict.seconds:.1f}"
    if measurement is None:
        return verdict.group, verdict.promise, "–", "–", "–", "ERROR", end
    allowed = f"{_number(measurement.allowed)} {measurement.unit}"
    shown = "kept" if measurement.kept else "BROKEN"
    return verdict.group, verdict.promise, _number(measurement.measured), allowed, measurement.of, shown, end


def _number(value: float) -> str:
    value = float(value)
    return f"{value:.0f}" if value.is_integer() else f"{value:.1e}"


def advice(verdicts: Sequence[Verdict], out: str | None) -> list[str]:
    """Return a line for every promise that does not hold, and one that says what to do."""
    lines = [f"{verdict.group}: {verdict.promise}: {_why(verdict)}" for verdict in verdicts if not verdict.kept]
    attached = f"{out}/{FILE}" if out else f"the file {FILE} that `metagnn selftest --out DIR` writes"
    return [*lines, f"do not rely on what is broken here; report it with {attached}"] if lines else []


def _why(verdict: Verdict) -> str:
    measurement: Measurement | None = verdict.measurement
    if measurement is None:
        return f"could not be tried ({verdict.error})"
    return f"{_number(measurement.measured)}; expected at most {_number(measurement.allowed)} {measurement.unit}"


def write_report(folder: Path, facts: Mapping[str, str], verdicts: Sequence[Verdict], seed: int) -> Path:
    """Write facts and verdicts as JSON; return the file.

    Raises:
        OSError: The file cannot be written.
    """
    # As text where JSON has no number: NaN, infinity.
    found = [
        {
            "group": verdict.group,
            "promise": verdict.promise,
            "kept": verdict.kept,
            "error": verdict.error,
            "seconds": round(verdict.seconds, 3),
            **({} if verdict.measurement is None else _plain(verdict.measurement)),
        }
        for verdict in verdicts
    ]
    path = folder / FILE
    document = {"environment": dict(facts), "seed": seed, "checks": found}
    replace_file(path, json.dumps(document, indent=1, allow_nan=False).encode())
    return path


def _plain(measurement: Measurement) -> dict[str, float | str]:
    values = dataclasses.asdict(measurement)
    finite = float("-inf") < measurement.measured < float("inf")
    return values | {"measured": float(measurement.measured) if finite else str(measurement.measured)}
