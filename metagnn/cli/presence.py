"""Learned uptakes, printed nutrient by nutrient."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from metagnn.cli.console import print_table

if TYPE_CHECKING:
    from metagnn.predictor import FluxPredictor


def print_uptakes(predictor: FluxPredictor, media: pd.DataFrame) -> None:
    """Print what uptakes explain the growth, nutrient by nutrient."""
    uptakes = predictor.uptakes(media)
    rows = []
    for name in uptakes:
        values = uptakes[name][uptakes[name] > 0]
        if len(values):
            shown = f"{values.median():.3g} ({values.min():.3g}–{values.max():.3g})"
            rows.append((str(name), str(len(values)), shown))
    title = "learned largest uptakes over the media that hold each: what explains growth, no measurement"
    print_table(title, ("nutrient", "media", "median (min–max) [mmol/gDW/h]"), rows)
