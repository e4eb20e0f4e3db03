import shutil
from pathlib import Path
from typing import Any

import numpy as np

from metagnn.studies.paper.figure import draw_figure


def test_the_figure_is_drawn_from_the_run_folder(whole: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    folder, results = whole
    drawn = (folder / "figure.png").read_bytes()
    assert drawn.startswith(b"\x89PNG\r\n\x1a\n")
    runs = tmp_path / "runs"
    shutil.copytree(folder / "runs", runs)
    draw_figure(results, runs, tmp_path / "again.png", 0)
    assert (tmp_path / "again.png").read_bytes() == drawn

    run = runs / "hidden_co2.known-flux_gnn-0.npz"
    with np.load(run) as arrays:
        observed, predicted = arrays["observed"], arrays["predicted"]
    np.savez_compressed(run, observed=observed, predicted=2 * predicted)
    draw_figure(results, runs, tmp_path / "other.png", 0)
    assert (tmp_path / "other.png").read_bytes() != drawn
