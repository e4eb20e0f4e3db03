"""Check that damaged results are refused."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from metagnn.errors import InputError
from metagnn.predictor import FluxPredictor
from metagnn.studies.selftest.cases import Cases
from metagnn.studies.selftest.check import Measurement

CHANGED = ("weights.safetensors", "estimate.safetensors", "network.json")
"""Files of which every byte counts: each has a checksum."""


def damaged_refused(cases: Cases) -> Measurement:
    """Count damaged predictors that load, or end in another error than a message."""
    whole, broken = cases.folder / "whole", cases.folder / "broken"
    cases.polytope.save(whole)
    FluxPredictor.load(whole)
    accepted, tried = 0, 0
    for name, content in _damages(whole, cases.seed):
        shutil.copytree(whole, broken, dirs_exist_ok=True)
        (broken / name).unlink()
        if content is not None:
            (broken / name).write_bytes(content)
        tried += 1
        accepted += not _refused(broken)
    return Measurement(accepted, 0, "damaged but accepted", f"{tried} damages")


def _damages(folder: Path, seed: int) -> Iterator[tuple[str, bytes | None]]:
    """Yield names of files with their damaged contents: missing, cut, and with a changed bit."""
    random = np.random.default_rng([seed, 14])
    for path in sorted(folder.iterdir()):
        whole = path.read_bytes()
        yield path.name, None
        yield from ((path.name, whole[: int(len(whole) * share)]) for share in (0.0, 0.5) if whole)
        for place in random.integers(len(whole), size=8).tolist() if path.name in CHANGED else ():
            changed = bytearray(whole)
            changed[place] ^= 1 << int(random.integers(8))
            yield path.name, bytes(changed)


def _refused(folder: Path) -> bool:
    try:
        FluxPredictor.load(folder)
    except InputError:
        return True
    return False
