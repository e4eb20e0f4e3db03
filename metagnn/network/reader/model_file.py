"""Unpack a model file, check its format against its ending, and read it."""

from __future__ import annotations

import bz2
import gzip
import io
import zipfile
from collections.abc import Callable
from pathlib import Path

from metagnn.errors import NetworkError
from metagnn.network.reader.dict_document import read_json, read_yaml
from metagnn.network.reader.draft import ModelDraft
from metagnn.network.reader.mat_document import read_mat
from metagnn.network.reader.sbml_document import read_sbml

FORMATS: dict[str, tuple[str, Callable[[bytes], ModelDraft]]] = {
    ".xml": ("SBML", read_sbml),
    ".sbml": ("SBML", read_sbml),
    ".json": ("JSON", read_json),
    ".mat": ("MATLAB", read_mat),
    ".yml": ("YAML", read_yaml),
    ".yaml": ("YAML", read_yaml),
}
"""Name and reader of every ending."""

PACKED = (".gz", ".bz2", ".zip")
"""Endings that may follow."""

EXPECTED = f"{', '.join(FORMATS)}, each also with {', '.join(PACKED)}"


def is_model_ending(name: str) -> bool:
    """Return whether a name has the ending of a model file."""
    return _ending(name) is not None


def read_model_file(path: Path) -> ModelDraft:
    """Return the draft of a model file.

    Args:
        path: SBML, JSON, MATLAB or YAML, plain or packed.

    Raises:
        NetworkError: No such file, an empty one, an unknown ending, another format than the ending says, or a
            file that is truncated, damaged or no model.
    """
    if not path.is_file():
        raise NetworkError(f"no model file at '{path}'; expected one of {EXPECTED}")
    if path.stat().st_size == 0:
        raise NetworkError(f"'{path}' is empty; expected a model ({EXPECTED})")
    ending = _ending(path.name)
    if ending is None:
        raise NetworkError(f"'{path}' has an unknown ending; expected one of {EXPECTED}")
    format_name, reader = FORMATS[ending[0]]
    try:
        content = _unpacked(path, *ending)
        _refuse_other_format(content, format_name)
        draft = reader(content)
    except NetworkError as error:
        raise NetworkError(f"'{path}' cannot be read as a model: {error}") from error
    # The readers of four formats fail in as many ways (XML, zlib, JSON, MAT, YAML, KeyError, …).
    except Exception as error:
        reason = str(error).strip().splitlines()
        raise NetworkError(
            f"'{path}' cannot be read as a model: it is truncated, damaged or something else "
            f"({type(error).__name__}: {reason[0][:160] if reason else 'no reason given'})"
        ) from error
    if not draft.reactions:
        raise NetworkError(f"'{path}' holds a model without reactions")
    draft.id = draft.id or path.name.split(".")[0]
    return draft


def _ending(name: str) -> tuple[str, str] | None:
    lowered = name.lower()
    for packed in ("", *PACKED):
        for ending in FORMATS:
            if lowered.endswith(ending + packed):
                return ending, packed
    return None


def _unpacked(path: Path, ending: str, packed: str) -> bytes:
    content = path.read_bytes()
    found = _packing(content)
    if found != packed:
        what = f"is packed as {found[1:]}" if found else "is not packed"
        name = path.name if not packed else path.name[: -len(packed)]
        raise NetworkError(f"it {what}, unlike its ending says; rename it to '{name}{found}'")
    if packed == ".gz":
        return gzip.decompress(content)
    if packed == ".bz2":
        return bz2.decompress(content)
    return _from_archive(content, ending) if packed == ".zip" else content


def _packing(content: bytes) -> str:
    magic = {b"\x1f\x8b": ".gz", b"BZh": ".bz2", b"PK\x03\x04": ".zip"}
    return next((ending for start, ending in magic.items() if content.startswith(start)), "")


def _from_archive(content: bytes, ending: str) -> bytes:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = [name for name in archive.namelist() if not name.endswith("/") and "__MACOSX" not in name]
        fitting = [name for name in names if name.lower().endswith(ending)] or names
        if len(fitting) != 1:
            raise NetworkError(f"the archive holds {len(fitting)} files; expected one model")
        return archive.read(fitting[0])


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
