"""Print learned uptakes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from metagnn.cli.console import print_table

if TYPE_CHECKING:
    from metagnn.predictor import FluxPredictor


def print_uptakes(predictor: FluxPredictor, media: pd.DataFrame) -> None:
    """Print the learned largest uptake of every nutrient."""
    uptakes = predictor.uptakes(media)
    rows = []
    for name in uptakes:
        values = uptakes[name][uptakes[name] > 0]
        if len(values):
            shown = f"{values.median():.3g} ({values.min():.3g}–{values.max():.3g})"
            rows.append((str(name), str(len(values)), shown))
    title = "largest uptakes learned from growth (not measured), over the media with each nutrient"
    print_table(title, ("nutrient", "media", "median (min–max) [mmol/gDW/h]"), rows)
