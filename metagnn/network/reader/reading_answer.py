"""What a reading process does: limit itself, read, answer."""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import json
import os
from pathlib import Path
from typing import Any

from metagnn.errors import NetworkError
from metagnn.network.reader.draft_document import draft_to_document
from metagnn.network.reader.model_file import NO_MEMORY, read_model_file

LEAST_MEMORY, MEMORY_PER_BYTE, MOST_MEMORY = 640 << 20, 40, 1600 << 20
"""Memory for a small file, more for every byte of the unpacked model, and most [bytes]."""

LEAST_SECONDS, SECONDS_PER_MEBIBYTE = 12, 0.5
"""Computing time for a small file, and more for every MiB of the unpacked model [s]."""


def answer(path: str) -> None:
    """Read a model file under limits and write the draft, or why there is none, to the standard output as JSON.

    Args:
        path: The file.
    """
    # What libraries print must not mix with the answer.
    with os.fdopen(os.dup(1), "wb") as output, open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), 1)
        limit_process(0)
        try:
            content = json.dumps({"draft": draft_to_document(read_model_file(Path(path), limit_process))})
        except NetworkError as error:
            key = "refused" if str(error).endswith(NO_MEMORY) else "error"
            content = json.dumps({key: _memory() if key == "refused" else str(error)})
        except MemoryError:
            content = json.dumps({"refused": _memory()})
        output.write(content.encode())


def limit_process(size: int) -> None:
    """Limit memory and computing time of this process, where the system can.

    Args:
        size: Size of the unpacked model [bytes].
    """
    resource = _resource()
    limits = {
        "RLIMIT_AS": min(LEAST_MEMORY + MEMORY_PER_BYTE * size, MOST_MEMORY),
        "RLIMIT_CPU": int(LEAST_SECONDS + SECONDS_PER_MEBIBYTE * size / (1 << 20)),
        "RLIMIT_CORE": 0,
    }
    for name, limit in limits.items():
        kind = getattr(resource, name, None)
        # Some systems know a limit and do not set it.
        with contextlib.suppress(ValueError, OSError):
            if resource is not None and kind is not None:
                hard = resource.getrlimit(kind)[1]
                resource.setrlimit(kind, (limit if hard == resource.RLIM_INFINITY else min(limit, hard), hard))


def _memory() -> str:
    resource = _resource()
    if resource is None:
        return NO_MEMORY
    return f"reading needs more than {resource.getrlimit(resource.RLIMIT_AS)[0] >> 20} MiB of memory"


def _resource() -> Any:
    """The module that sets limits; None where the system has none, as on Windows."""
    return importlib.import_module("resource") if importlib.util.find_spec("resource") is not None else None
