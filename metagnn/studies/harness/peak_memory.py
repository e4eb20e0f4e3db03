"""Measure the most memory that a piece of work takes, above what the process holds already."""

from __future__ import annotations

import ctypes
import gc
import resource
import sys
from pathlib import Path


class PeakMemory:
    """Measures from its construction on.

    On Linux it first resets the peak of the process, and returns freed memory to the system: otherwise the peak of
    reading a network would hide smaller ones. Elsewhere it sees only what exceeds the earlier peak.
    """

    def __init__(self) -> None:
        self._linux = sys.platform == "linux"
        if self._linux:
            gc.collect()
            trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
            if trim is not None:
                trim(0)
            Path("/proc/self/clear_refs").write_text("5")
        self._before = self._mark("VmRSS")

    def mebibytes(self) -> float:
        """Return the peak since construction, less what was held then [MiB]."""
        return self._mark("VmHWM") - self._before

    def _mark(self, name: str) -> float:
        if not self._linux:
            # Bytes on macOS.
            return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        lines = Path("/proc/self/status").read_text().splitlines()
        return float(next(line for line in lines if line.startswith(name)).split()[1]) / 2**10
