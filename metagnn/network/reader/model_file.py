"""Unpack a model file, check its format against its ending, and read it."""

from __future__ import annotations

import stat
from collections.abc import Callable
from pathlib import Path

from metagnn.errors import NetworkError
from metagnn.network.reader.dict_document import read_json, read_yaml
from metagnn.network.reader.draft import MOST_ENTRIES, ModelDraft
from metagnn.network.reader.sbml_document import read_sbml
from metagnn.network.reader.unpacking import MOST_BYTES, PACKED, packing, unpacked


def _read_mat(content: bytes) -> ModelDraft:
    # Only these files need scipy.
    from metagnn.network.reader.mat_document import read_mat

    return read_mat(content)


FORMATS: dict[str, tuple[str, Callable[[bytes], ModelDraft]]] = {
    ".xml": ("SBML", read_sbml),
    ".sbml": ("SBML", read_sbml),
    ".json": ("JSON", read_json),
    ".mat": ("MATLAB", _read_mat),
    ".yml": ("YAML", read_yaml),
    ".yaml": ("YAML", read_yaml),
}
"""Name and reader of every ending."""

NO_MEMORY = "it needs more memory than there is"
"""What is said of a file whose reading ran out of memory."""

EXPECTED = f"{', '.join(FORMATS)}, each also with {', '.join(PACKED)}"


def is_model_ending(name: str) -> bool:
    """Return whether a name has the ending of a model file."""
    return _ending(name) is not None


def read_model_file(path: Path, allow: Callable[[int], None] | None = None) -> ModelDraft:
    """Return the draft of a model file.

    Args:
        path: SBML, JSON, MATLAB or YAML, plain or packed.
        allow: Called before parsing with the size of the unpacked model [bytes]; may raise, or set limits.

    Raises:
        NetworkError: No such file, one that is none (a folder, a pipe, a device), an empty one, an unknown ending,
            another format than the ending says, or a file that is truncated, damaged, no model or too large.
    """
    ending = _checked_ending(path)
    format_name, reader = FORMATS[ending[0]]
    try:
        # The reader alone holds the content, so that it can let go of it.
        draft = reader(_content(path, ending, format_name, allow))
    except NetworkError as error:
        raise NetworkError(f"'{path}' cannot be read as a model: {error}") from error
    except MemoryError as error:
        raise NetworkError(f"'{path}' cannot be read as a model: {NO_MEMORY}") from error
    except RecursionError as error:
        raise NetworkError(f"'{path}' cannot be read as a model: it is nested too deep") from error
    # The readers of four formats fail in as many ways (XML, zlib, JSON, MAT, YAML, KeyError, …).
    except Exception as error:
        reason = str(error).strip().splitlines()
        raise NetworkError(
            f"'{path}' cannot be read as a model: it is truncated, damaged or something else "
            f"({type(error).__name__}: {reason[0][:160] if reason else 'no reason given'})"
        ) from error
    entries = len(draft.metabolites) + len(draft.reactions)
    if entries > MOST_ENTRIES:
        raise NetworkError(f"'{path}' holds {entries:,} metabolites and reactions; expected {MOST_ENTRIES:,} at most")
    if not draft.reactions:
        raise NetworkError(f"'{path}' holds a model without reactions")
    draft.id = draft.id or path.name.split(".")[0]
    return draft


def _checked_ending(path: Path) -> tuple[str, str]:
    """The ending of a file that is there; a pipe or device is not opened, for that may wait for ever."""
    try:
        found = path.stat()
    except (OSError, ValueError):
        raise NetworkError(f"no model file at '{path}'; expected one of {EXPECTED}") from None
    if not stat.S_ISREG(found.st_mode):
        kinds = ((stat.S_ISDIR, "folder"), (stat.S_ISFIFO, "pipe"), (stat.S_ISSOCK, "socket"))
        kind = next((name for test, name in kinds if test(found.st_mode)), "device")
        raise NetworkError(f"no model file at '{path}', which is a {kind}; expected one of {EXPECTED}")
    if found.st_size == 0:
        raise NetworkError(f"'{path}' is empty; expected a model ({EXPECTED})")
    if found.st_size > MOST_BYTES:
        raise NetworkError(
            f"'{path}' has {found.st_size >> 20} MiB; expected a model of {MOST_BYTES >> 20} MiB at most"
        )
    ending = _ending(path.name)
    if ending is None:
        raise NetworkError(f"'{path}' has an unknown ending; expected one of {EXPECTED}")
    return ending


def _ending(name: str) -> tuple[str, str] | None:
    lowered = name.lower()
    for packed in ("", *PACKED):
        for ending in FORMATS:
            if lowered.endswith(ending + packed):
                return ending, packed
    return None


def _content(path: Path, ending: tuple[str, str], format_name: str, allow: Callable[[int], None] | None) -> bytes:
    content, packed = path.read_bytes(), ending[1]
    found = packing(content)
    if found != packed:
        what = f"is packed as {found[1:]}" if found else "is not packed"
        name = path.name if not packed else path.name[: -len(packed)]
        raise NetworkError(f"it {what}, unlike its ending says; rename it to '{name}{found}'")
    if packed:
        content = unpacked(content, *ending)
    _refuse_other_format(content, format_name)
    if allow is not None:
        allow(len(content))
    return content


def _refuse_other_format(content: bytes, expected: str) -> None:
    """Raise where the content is plainly of another format than the ending says."""
    found = _format(content)
    # JSON is YAML too.
    if found in (expected, "") or (found == "JSON" and expected == "YAML"):
        return
    endings = {name: ending for ending, (name, _) in reversed(FORMATS.items())}
    advice = f"; rename it to end in '{endings[found]}'" if found in endings else "; expected a model"
    raise NetworkError(f"it holds {found}, not {expected} as its ending says{advice}")


def _format(content: bytes) -> str:
    """The format that the first bytes show; empty where they show none."""
    if content.startswith((b"MATLAB 5.0", b"\x89HDF")):
        return "MATLAB"
    start = content[:4096].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if start.startswith(b"<"):
        return "SBML" if b"<sbml" in start or b":sbml" in start else "HTML" if b"<html" in start else ""
    return "JSON" if start.startswith(b"{") else ""
