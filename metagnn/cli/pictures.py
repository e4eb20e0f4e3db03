"""Pictures of `--plot`: check the path before the work, draw after it."""

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
    """Return the path of the picture, or None if none is requested.

    Raises:
        InputError: The ending is unknown, the file exists, or matplotlib is missing.
    """
    if path is None:
        return None
    from metagnn.plots.canvas import check_picture

    return check_picture(path, force)


def picture_of_training(history: pd.DataFrame, path: Path | None) -> None:
    """Draw the terms of the objective by epoch, if a path is given."""
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
    """Draw predicted against observed fluxes, if a path is given.

    Args:
        network: The network.
        fluxes: Predictions [mmol/gDW/h].
        targets: Observed fluxes of the same rows [mmol/gDW/h].
        label: Title.
        path: File to write.
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
    """Draw growth and the main exchange fluxes of simulated media, if a path is given.

    Args:
        network: The network.
        labels: File of the fluxes, read only if a picture is drawn.
        media: The media, with their names in an optional column `sample`.
        path: File to write.
    """
    if path is None:
        return
    from metagnn.plots.canvas import save_figure
    from metagnn.plots.simulated import draw_simulated

    fluxes = labels.read_fluxes()
    named = fluxes.set_axis(media[SAMPLE].to_numpy(), axis=0) if SAMPLE in media.columns else fluxes
    save_figure(draw_simulated(network, named), path)


def picture_of_reconciliation(network: MetabolicNetwork, found: Reconciliation, path: Path) -> None:
    """Draw closures and reconciled rates, if matplotlib is installed.

    Args:
        network: The network.
        found: Reconciled samples.
        path: File to write.
    """
    try:
        from metagnn.plots.canvas import save_figure
        from metagnn.plots.reconciled import draw_reconciliation
    except InputError:
        # The user did not request the picture beside the tables; the one of `--plot` is checked before the work.
        return
    save_figure(draw_reconciliation(network, found), path)


def require_targets(plot: str | None, targets: str | None) -> None:
    """Raise if `--plot` is given without `--targets`."""
    if plot and not targets:
        raise InputError("`--plot` draws predicted against observed fluxes; expected `--targets FILE` as well")
