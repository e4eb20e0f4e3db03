"""Time `import metagnn` and `metagnn --help` in fresh processes."""

from __future__ import annotations

import subprocess
import sys
from functools import partial

from metagnn.studies.harness.comparison import Comparison, compare
from metagnn.studies.harness.runs import Progress


def measure_startup(seed: int, progress: Progress, quick: bool = False) -> list[Comparison]:
    """Compare start-up with `import torch`, which a library on PyTorch pays for unless it imports lazily."""
    rows = []
    cases = {
        "import metagnn / import torch": ["-c", "import metagnn"],
        "metagnn --help / import torch": ["-m", "metagnn", "--help"],
    }
    for done, (name, command) in enumerate(cases.items()):
        progress(done, len(cases))
        case = (f"startup: {name}", "–", "s")
        rows.append(
            compare(case, partial(_start, command), partial(_start, ["-c", "import torch"]), (1, 1), 2 if quick else 7)
        )
    progress(len(cases), len(cases))
    return rows


def _start(arguments: list[str]) -> None:
    subprocess.run([sys.executable, *arguments], check=True, capture_output=True)
