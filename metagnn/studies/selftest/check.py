"""One promise, and what was measured of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from metagnn.studies.selftest.cases import Cases


@dataclass(frozen=True)
class Measurement:
    """What a check measured.

    Attributes:
        measured: The worst value found.
        allowed: The largest value that keeps the promise.
        unit: Unit of both, or what is counted, such as "media that differ".
        of: What was tried, such as "300 media".
    """

    measured: float
    allowed: float
    unit: str
    of: str

    @property
    def kept(self) -> bool:
        """Whether the promise holds; NaN never does."""
        return self.measured <= self.allowed


@dataclass(frozen=True)
class Check:
    """One promise.

    Attributes:
        group: What it is about, such as "labels".
        promise: The promise, as a sentence.
        measure: Tries it.
    """

    group: str
    promise: str
    measure: Callable[[Cases], Measurement]


@dataclass(frozen=True)
class Verdict:
    """What became of a check.

    Attributes:
        group: See `Check`.
        promise: See `Check`.
        measurement: What was measured; None where the check could not be carried out.
        error: Why it could not be carried out, in one line; empty otherwise.
        seconds: Time that it took [s].
    """

    group: str
    promise: str
    measurement: Measurement | None
    error: str
    seconds: float

    @property
    def kept(self) -> bool:
        """Whether the promise holds; not where it could not be tried."""
        return self.measurement is not None and self.measurement.kept
