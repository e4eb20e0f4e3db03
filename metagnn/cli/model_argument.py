"""The model that a command is given: a name, or a file that another process reads."""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from metagnn.network.reader.bundled import BUNDLED
from metagnn.network.reader.reading_process import ReadingProcess

if TYPE_CHECKING:
    from metagnn.network.metabolic_network import MetabolicNetwork


@contextlib.contextmanager
def reading_model(chosen: argparse.Namespace) -> Iterator[None]:
    """Start to read the model file of a command in another process, and end that process with the command.

    It reads while the command imports what it needs. A file of uncertain origin may crash its reader or never end:
    that is one line then.
    """
    chosen.reading = _reading(getattr(chosen, "model", None) or "")
    try:
        yield
    finally:
        if chosen.reading is not None:
            chosen.reading.close()


def _reading(name: str) -> ReadingProcess | None:
    # Where Python is embedded there is no program to start.
    if not name or name in BUNDLED or not sys.executable:
        return None
    try:
        return ReadingProcess(Path(name)) if Path(name).is_file() else None
    except (OSError, ValueError):
        # A path that cannot be looked at, or no room for another process: `load_network` says what is wrong.
        return None


def network_of(chosen: argparse.Namespace) -> MetabolicNetwork:
    """Return the network of a command's model, with its growth reaction if one is chosen.

    Raises:
        NetworkError: As `load_network`; or the reader crashed, or takes more time or memory than it may.
    """
    from metagnn.network.from_cobra import load_network, load_network_from

    reading: ReadingProcess | None = getattr(chosen, "reading", None)
    return load_network(chosen.model, chosen.growth) if reading is None else load_network_from(reading, chosen.growth)
