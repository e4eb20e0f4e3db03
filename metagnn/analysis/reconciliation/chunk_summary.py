"""What the report needs of a chunk of reconciled samples, small enough to keep until all chunks are done."""

from __future__ import annotations

import io
import json
from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np

from metagnn.analysis.reconciliation.reconciliation import GROSS, Reconciliation


@dataclass(frozen=True, eq=False)
class ChunkSummary:
    """Counts over one chunk, and a few numbers for every sample.

    Attributes:
        counts: How often each value occurred, by what is counted: "status", "suspects", "notes", "intervals of" a
            reaction.
        samples: Rows of `samples.csv` that the report lists.
        changes: Measurements that no flux can meet, as far as the report lists them.
        closures: Closures before and after, in carbon, nitrogen and electrons, shape `[samples, 2, 3]`.
        p_values: p-value of every sample, shape `[samples]`.
        hidden: By withheld reaction: the observed rate, its prediction, the ends of the 90 % interval, shape
            `[samples, 4]` [mmol/gDW/h].
    """

    counts: dict[str, dict[str, int]]
    samples: list[dict[str, Any]]
    changes: list[dict[str, Any]]
    closures: np.ndarray
    p_values: np.ndarray
    hidden: dict[str, np.ndarray]

    @classmethod
    def from_reconciliation(
        cls, found: Reconciliation, samples: list[dict[str, Any]], most_changes: int
    ) -> ChunkSummary:
        """Summarise reconciled samples.

        Args:
            found: The samples.
            samples: Rows of the samples that the report lists.
            most_changes: How many more needed changes the report can list.
        """
        errors, intervals = found.errors, found.intervals
        gross = np.flatnonzero(errors.suspect_p < GROSS)
        counts = {"status": _count(found.status), "suspects": _count(errors.suspect[row] for row in gross)}
        counts["notes"] = _count(found.notes)
        for position, name in enumerate(intervals.reactions):
            counts[f"intervals of {name}"] = _count(map(str, intervals.status[:, position]))
        hidden = {}
        for name, observed in ((str(column), values) for column, values in found.hidden.items()):
            if name in intervals.reactions:
                column = intervals.reactions.index(name)
                ends = (intervals.low[:, column], intervals.high[:, column])
                hidden[name] = np.stack((observed, intervals.value[:, column], *ends), axis=1)
        closures = np.stack((found.closures_before.to_numpy(), found.closures_after.to_numpy()), axis=1)
        changes = [dict(vars(change)) for change in found.changes[: max(most_changes, 0)]]
        return cls(counts, samples, changes, closures, errors.p_value, hidden)

    def to_bytes(self) -> bytes:
        """The summary as an .npz file."""
        text = json.dumps([self.counts, self.samples, self.changes, list(self.hidden)])
        arrays: dict[str, Any] = {f"hidden{position}": array for position, array in enumerate(self.hidden.values())}
        buffer = io.BytesIO()
        encoded = np.frombuffer(text.encode(), dtype=np.uint8)
        np.savez(buffer, text=encoded, closures=self.closures, p_values=self.p_values, **arrays)
        return buffer.getvalue()

    @classmethod
    def from_bytes(cls, content: bytes) -> ChunkSummary:
        """The summary that `to_bytes` wrote; nothing is unpickled."""
        with np.load(io.BytesIO(content), allow_pickle=False) as stored:
            counts, samples, changes, names = json.loads(stored["text"].tobytes())
            hidden = {name: stored[f"hidden{position}"] for position, name in enumerate(names)}
            return cls(counts, samples, changes, stored["closures"], stored["p_values"], hidden)


def _count(names: Any) -> dict[str, int]:
    return dict(Counter(names))
