"""What `--plot` draws: refused before any work, drawn after it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from metagnn.errors import InputError

if TYPE_CHECKING:
    from metagnn.predictor import FluxPredictor


def check_plot(path: str | None, force: bool) -> Path | None:
    """The path of the picture, if one is asked for and can be written.

    Raises:
        InputError: An unknown ending, an existing file, or no matplotlib.
    """
    if path is None:
        return None
    from metagnn.plots.canvas import check_picture

    return check_picture(path, force)


def picture_of_training(history: pd.DataFrame, path: Path | None) -> None:
    """Draw the terms of the objective by epoch; nothing without a path."""
    if path is None:
        return
    from metagnn.plots.canvas import new_figure, save_figure
    from metagnn.plots.training_curves import plot_training_curves

    figure, axes = new_figure()
    plot_training_curves(history, axes[0, 0])
    save_figure(figure, path)


def picture_of_targets(
    predictor: FluxPredictor, fluxes: pd.DataFrame, targets: pd.DataFrame, label: str, path: Path | None
) -> None:
    """Draw predicted against observed fluxes; nothing without a path.

    Args:
        predictor: The predictor.
        fluxes: Its predictions [mmol/gDW/h].
        targets: Observed fluxes of the same rows [mmol/gDW/h].
        label: Title.
        path: Where to write.
    """
    if path is None:
        return
    from metagnn.datasets.samples import read_targets
    from metagnn.plots.canvas import new_figure, save_figure
    from metagnn.plots.parity import plot_parity

    figure, axes = new_figure()
    observed = read_targets(predictor.network, targets, fluxes.index).numpy()
    plot_parity(observed, fluxes.to_numpy(), axes[0, 0], label)
    save_figure(figure, path)


def require_targets(plot: str | None, targets: str | None) -> None:
    """Raise if a picture of predictions is asked for without what to compare them with."""
    if plot and not targets:
        raise InputError("`--plot` draws predictions against what was observed; expected `--targets FILE` beside it")
