"""The files below a folder, for comparison byte for byte."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

TIMES = {"wall_seconds", "train_seconds"}
"""Entries of JSON files that measure time, and so differ between two runs of the same command."""


def read_tree(folder: Path) -> dict[str, bytes]:
    """Read all files by their path within the folder; folders end with a slash, links show where they lead."""
    tree = {}
    for where, folders, files in os.walk(folder):
        for name in (*folders, *files):
            path = Path(where, name)
            key = str(path.relative_to(folder))
            if path.is_symlink():
                tree[key] = b"-> " + os.fsencode(os.readlink(path))
            elif path.is_dir():
                tree[key + "/"] = b""
            else:
                tree[key] = _without_times(path) if path.suffix == ".json" else path.read_bytes()
    return tree


def differences(tree: dict[str, bytes], expected: dict[str, bytes]) -> str:
    """Say how a tree differs from the expected one; empty if it does not."""
    parts = [f"left over: {name}" for name in sorted(tree.keys() - expected.keys())]
    parts += [f"missing: {name}" for name in sorted(expected.keys() - tree.keys())]
    parts += [f"other bytes: {name}" for name in sorted(tree.keys() & expected.keys()) if tree[name] != expected[name]]
    return ", ".join(parts)


def _without_times(path: Path) -> bytes:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        return path.read_bytes()
    if isinstance(document, dict) and not TIMES.isdisjoint(_keys(document)):
        return json.dumps(_cut(document), indent=1).encode()
    return path.read_bytes()


def _keys(value: Any) -> set[str]:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return set(value if isinstance(value, dict) else ()).union(*(_keys(item) for item in inner))


def _cut(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _cut(item) for key, item in value.items() if key not in TIMES}
    return [_cut(item) for item in value] if isinstance(value, list) else value
