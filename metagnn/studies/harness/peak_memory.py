"""How much memory a piece of work takes at its highest, apart from what the process holds already."""

from __future__ import annotations

import ctypes
import gc
import resource
import sys
from pathlib import Path


class PeakMemory:
    """Counts from when it is made.

    On Linux the highest mark of the process is taken back first, and freed memory is returned to the system: otherwise
    what reading a network left behind would hide everything smaller. Elsewhere only what exceeds the old mark is seen.
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
        """The highest mark since then, less what was held then."""
        return self._mark("VmHWM") - self._before

    def _mark(self, name: str) -> float:
        if not self._linux:
            # Bytes on macOS.
            return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        lines = Path("/proc/self/status").read_text().splitlines()
        return float(next(line for line in lines if line.startswith(name)).split()[1]) / 2**10
