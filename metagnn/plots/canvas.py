"""Figures and axes without pyplot: no global state and no window."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np

from metagnn.errors import InputError
from metagnn.files.output import check_output, replace_file


class PlotsMissingError(InputError, ImportError):
    """Matplotlib is not installed; an ImportError in Python, a one-line message on the command line."""


try:
    from matplotlib.axes import Axes as Axes
    from matplotlib.backend_bases import FigureCanvasBase
    from matplotlib.figure import Figure
    from matplotlib.ticker import Formatter, FuncFormatter, LogLocator, NullFormatter
except ImportError as error:
    raise PlotsMissingError('plots need matplotlib: pip install "metagnn[plots]"') from error

DPI = 150
PANEL = (5.2, 4.0)
"""Width and height of one panel [inch]."""

FEW_DECADES = 2.7
"""Most decades of a logarithmic axis with labels within them."""


def new_figure(rows: int = 1, columns: int = 1) -> tuple[Figure, np.ndarray]:
    """Create a figure with a grid of axes.

    Args:
        rows: Rows of panels.
        columns: Panels per row.

    Returns:
        The figure, and its axes as an array of shape `[rows, columns]`.

    Raises:
        InputError: `rows` or `columns` is below 1.
    """
    if rows < 1 or columns < 1:
        raise InputError(f"`rows` is {rows} and `columns` {columns}; expected at least one panel")
    figure = Figure(figsize=(PANEL[0] * columns, PANEL[1] * rows), dpi=DPI, layout="constrained")
    return figure, figure.subplots(rows, columns, squeeze=False)


def save_figure(figure: Figure, path: str | Path) -> None:
    """Write a figure in the format of the path's ending; create folders and replace an existing file.

    Args:
        figure: The figure.
        path: A file such as "figure.png" or "figure.pdf".

    Raises:
        InputError: Matplotlib does not know the ending.
        FolderError: The file cannot be written.
    """
    path = check_picture(path, force=True)
    buffer = io.BytesIO()
    figure.savefig(buffer, format=_ending(path))
    replace_file(path, buffer.getvalue())


def check_picture(path: str | Path, force: bool = False) -> Path:
    """Check that a picture can be written and return its path; call it before long work.

    Args:
        path: A file such as "figure.png" or "figure.svg".
        force: Allow an existing file to be replaced.

    Raises:
        InputError: Matplotlib does not know the ending.
        FolderError: The file exists or cannot be written.
    """
    path = Path(path)
    known = FigureCanvasBase.get_supported_filetypes()
    if _ending(path) not in known:
        raise InputError(f"'{path}' has an unknown ending; expected one of {', '.join(sorted(known))}")
    return check_output(path, force)


def _ending(path: Path) -> str:
    return path.suffix.removeprefix(".").lower()


def drawing_axes(ax: Axes | None) -> Axes:
    """Return the given axes or those of a new figure, without top and right frame and with a faint grid."""
    if ax is None:
        _, grid = new_figure()
        ax = grid[0, 0]
    ax.spines[["top", "right"]].set_visible(False)
    ax.grid(visible=True, color="0.92", linewidth=0.8)
    ax.set_axisbelow(True)
    return ax


PLAIN = FuncFormatter(lambda value, _: f"{value:g}")


def label_log_axis(ax: Axes, formatter: Formatter = PLAIN) -> None:
    """Label 1, 2 and 5 of every decade of a short logarithmic y axis, where a single label would give no scale.

    Args:
        ax: Axes with a logarithmic y axis and its data.
        formatter: Formatter of the ticks.
    """
    low, high = ax.get_ylim()
    few = high < low * 10**FEW_DECADES
    ax.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0) if few else (1.0,)))
    ax.yaxis.set_major_formatter(formatter)
    ax.yaxis.set_minor_formatter(NullFormatter())


def say_empty(ax: Axes, text: str) -> None:
    """Write in the middle of the axes why nothing is drawn."""
    ax.text(0.5, 0.5, text, transform=ax.transAxes, ha="center", va="center", color="0.35")
    # Hide matplotlib's default numbers on empty axes.
    ax.set_xticks([])
    ax.set_yticks([])
