"""`--kind present`: media of which only is known what they hold."""

from __future__ import annotations

import argparse
import dataclasses
from typing import TYPE_CHECKING, Any

import pandas as pd

from metagnn.cli.console import print_table
from metagnn.errors import InputError

if TYPE_CHECKING:
    from metagnn.medium_predictor import MediumPredictor
    from metagnn.network.metabolic_network import MetabolicNetwork

PRESENT = "present"

OF_FLUXES = ("constraint", "composition", "steps")
"""Options that a predictor of growth by flux balance analysis has no use for."""


def untrained_medium_predictor(
    chosen: argparse.Namespace, network: MetabolicNetwork, training: dict[str, Any]
) -> MediumPredictor:
    """The predictor that `metagnn train --kind present` trains.

    Args:
        chosen: Options.
        network: The network.
        training: Settings of the training that were given.

    Raises:
        InputError: An option of the other kinds.
    """
    from metagnn.medium_predictor import MEDIUM_TRAINING, MediumPredictor

    for name in OF_FLUXES:
        if getattr(chosen, name) is not None:
            raise InputError(
                f"`--{name}` belongs to inputs of 'max_uptake' and 'rates'; with '{PRESENT}' the fluxes are those of "
                "flux balance analysis: leave it out"
            )
    return MediumPredictor(network, chosen.seed, training=dataclasses.replace(MEDIUM_TRAINING, **training))


def print_uptakes(predictor: MediumPredictor, media: pd.DataFrame) -> None:
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
