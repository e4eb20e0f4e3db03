"""A number in a table that stands for "not measured"."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

MOST_NAMED = 6


@dataclass(frozen=True)
class Sentinel:
    """A number that looks like "not measured".

    Attributes:
        column: Header of its column, or the reaction where the table has none.
        value: The number, in the units of the column.
        samples: Samples that hold it; empty for all.
        reason: Why it is no measurement, in words; "" if it was kept.
        kept: Whether it was taken for a measurement all the same.
    """

    column: str
    value: float
    samples: tuple[str, ...]
    reason: str
    kept: bool = False

    @property
    def sentence(self) -> str:
        """What the column holds, where, and how it was taken."""
        place = f"in sample {_some(self.samples)}" if self.samples else "in every sample"
        return f"column {self.column!r} is {self.value:g} {place}: {self.reason}; taken as not measured"


def sentinel_notes(sentinels: Sequence[Sentinel]) -> tuple[str, ...]:
    """All sentinels in sentences; columns that are kept although they are zero throughout share one.

    Args:
        sentinels: The sentinels of a table.
    """
    notes = [sentinel.sentence for sentinel in sentinels if not sentinel.kept]
    kept = [sentinel.column for sentinel in sentinels if sentinel.kept]
    if kept:
        notes.append(
            f"0 in every sample, taken as measurements of none: {_some(kept)}; expected empty cells for what nobody "
            "measured"
        )
    return tuple(notes)


def _some(names: Sequence[str]) -> str:
    more = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
