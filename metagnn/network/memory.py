"""Check the memory before work that would fail only after minutes."""

from __future__ import annotations

import os

from metagnn.errors import NetworkError


def require_memory(needed: float, what: str) -> None:
    """Raise unless the machine has enough memory.

    Args:
        needed: Memory needed [bytes].
        what: What needs it, to begin the message with.

    Raises:
        NetworkError: The memory is too small; the message gives both sizes.
    """
    if not hasattr(os, "sysconf") or "SC_PHYS_PAGES" not in os.sysconf_names:
        return
    present = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    if needed > present:
        raise NetworkError(f"{what} needs {needed / 2**30:.1f} GiB of memory; this machine has {present / 2**30:.1f}")
