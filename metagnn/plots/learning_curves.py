"""Plot learning curves: the error of every model against its number of training samples."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FixedFormatter, FixedLocator, NullLocator

from metagnn.errors import InputError
from metagnn.plots.canvas import drawing_axes, label_log_axis, say_empty
from metagnn.plots.palette import COLOURS
from metagnn.units import GROWTH

DASHES = ("-", "--", ":", "-.")


def plot_learning_curves(
    errors: Mapping[str, Mapping[str, Mapping[str, Mapping[str, float]]]], ax: Axes | None = None
) -> Axes:
    """Draw error against number of samples, both logarithmic; bands run from smallest to largest over the seeds.

    Each model has one colour; its variants, such as with and without constraints, differ in their dashes.

    Args:
        errors: By model, by variant and by number of samples: "median", "min" and "max" of the error [1/h].
        ax: Axes to draw on; by default those of a new figure.

    Returns:
        The axes.

    Raises:
        InputError: A number of samples is not a whole number.
    """
    ax = drawing_axes(ax)
    ax.set_xlabel("Training samples")
    ax.set_ylabel(f"Error of growth, root mean square [{GROWTH}]")
    sizes: set[int] = set()
    for position, (model, variants) in enumerate(errors.items()):
        for dash, (variant, points) in enumerate(variants.items()):
            try:
                x = [int(size) for size in points]
            except ValueError as error:
                raise InputError(f"`errors[{model!r}][{variant!r}]` has no whole number of samples ({error})") from None
            sizes.update(x)
            middle, low, high = (np.array([p[key] for p in points.values()]) for key in ("median", "min", "max"))
            colour = COLOURS[position % len(COLOURS)]
            label = f"{model}, {variant.replace('_', ' ')}" if len(variants) > 1 else model
            ax.plot(x, middle, DASHES[dash % len(DASHES)], color=colour, marker="o", markersize=3, label=label)
            ax.fill_between(x, low, high, color=colour, alpha=0.12, linewidth=0)
    if not sizes:
        say_empty(ax, "no errors to show")
        return ax
    ax.set_xscale("log")
    ax.set_yscale("log")
    label_log_axis(ax)
    ax.xaxis.set_major_locator(FixedLocator(sorted(sizes)))
    ax.xaxis.set_major_formatter(FixedFormatter([str(size) for size in sorted(sizes)]))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.legend(loc="upper center", bbox_to_anchor=(0.45, -0.16), ncols=2, fontsize="small", frameon=False)
    return ax
