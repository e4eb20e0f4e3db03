"""What `--plot` draws: refused before any work, drawn after it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from metagnn.errors import InputError
from metagnn.fba.simulate import SAMPLE

if TYPE_CHECKING:
    from metagnn.analysis.reconciliation import Reconciliation
    from metagnn.datasets.label_file import LabelFile
    from metagnn.network.metabolic_network import MetabolicNetwork


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
    network: MetabolicNetwork, fluxes: pd.DataFrame, targets: pd.DataFrame, label: str, path: Path | None
) -> None:
    """Draw predicted against observed fluxes; nothing without a path.

    Args:
        network: The network.
        fluxes: Predictions [mmol/gDW/h].
        targets: Observed fluxes of the same rows [mmol/gDW/h].
        label: Title.
        path: Where to write.
    """
    if path is None:
        return
    from metagnn.datasets.targets import read_targets
    from metagnn.plots.canvas import new_figure, save_figure
    from metagnn.plots.parity import plot_parity

    figure, axes = new_figure()
    observed = read_targets(network, targets, fluxes.index).observed.numpy()
    plot_parity(observed, fluxes.to_numpy(), axes[0, 0], label)
    save_figure(figure, path)


def picture_of_simulation(network: MetabolicNetwork, labels: LabelFile, media: pd.DataFrame, path: Path | None) -> None:
    """Draw growth and the main exchange fluxes of simulated media; nothing without a path.

    Args:
        network: The network.
        labels: The written fluxes, which a picture alone reads again.
        media: The media, which a column `sample` may name.
        path: Where to write.
    """
    if path is None:
        return
    from metagnn.plots.canvas import save_figure
    from metagnn.plots.simulated import draw_simulated

    fluxes = labels.read_fluxes()
    named = fluxes.set_axis(media[SAMPLE].to_numpy(), axis=0) if SAMPLE in media.columns else fluxes
    save_figure(draw_simulated(network, named), path)


def picture_of_reconciliation(
    network: MetabolicNetwork, found: Reconciliation, beside: Path, path: Path | None
) -> bool:
    """Draw closures and reconciled rates, where they are asked for and beside the tables.

    Args:
        network: The network.
        found: Reconciled samples.
        beside: Where to write in any case, if matplotlib is installed.
        path: Where else to write.

    Returns:
        Whether matplotlib is installed.
    """
    try:
        from metagnn.plots.canvas import save_figure
        from metagnn.plots.reconciled import draw_reconciliation
    except InputError:
        # Nobody asked for this picture: tables without it are no failure.
        return False
    figure = draw_reconciliation(network, found)
    for target in (beside, path):
        if target is not None:
            save_figure(figure, target)
    return True


def require_targets(plot: str | None, targets: str | None) -> None:
    """Raise if a picture of predictions is asked for without what to compare them with."""
    if plot and not targets:
        raise InputError("`--plot` draws predictions against what was observed; expected `--targets FILE` beside it")
