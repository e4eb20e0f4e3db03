"""Whether the memory suffices, asked before work that would find out after minutes."""

from __future__ import annotations

import os

from metagnn.errors import NetworkError


def require_memory(needed: float, what: str) -> None:
    """Raise unless the machine has the memory.

    Args:
        needed: What the work takes [bytes].
        what: The work, as the beginning of a sentence.

    Raises:
        NetworkError: It has not; the message says how much is needed and how much there is.
    """
    if not hasattr(os, "sysconf") or "SC_PHYS_PAGES" not in os.sysconf_names:
        return
    present = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    if needed > present:
        raise NetworkError(f"{what} needs {needed / 2**30:.1f} GiB of memory; this machine has {present / 2**30:.1f}")
