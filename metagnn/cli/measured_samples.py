"""Tables of samples for `train` and `predict`: features, groups, intervals, and the errors that were found."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

import pandas as pd

from metagnn.cli.console import print_table
from metagnn.errors import TableError, unknown_name
from metagnn.files.table_reader import read_table

if TYPE_CHECKING:
    from metagnn.predictor import FluxPredictor
    from metagnn.predictor_setup import SampleTables


def read_samples(chosen: argparse.Namespace) -> SampleTables:
    """Read the tables that the options of `train` name.

    Raises:
        TableError: A table that cannot be read, or groups that are no column.
    """
    from metagnn.predictor_setup import SampleTables

    inputs, targets = read_table(chosen.inputs), read_table(chosen.targets, flags=False)
    features = read_features_file(chosen, inputs)
    groups = None
    if chosen.groups is not None:
        columns = {
            str(name): table[name] for table in (features, targets, inputs) if table is not None for name in table
        }
        if chosen.groups not in columns:
            raise TableError("`--groups`: " + unknown_name(chosen.groups, columns, "column of the tables"))
        groups = columns[chosen.groups]
        if features is not None and chosen.groups in features:
            # What a group is called tells nothing of a group that was left out.
            features = features.drop(columns=chosen.groups)
            features = features if features.shape[1] else None
        inputs = inputs.drop(columns=chosen.groups, errors="ignore")
    return SampleTables(inputs, targets, features, groups=groups)


def read_features_file(chosen: argparse.Namespace, inputs: pd.DataFrame) -> pd.DataFrame | None:
    """Read the table of features that the options name, without the labels that it shares with the inputs.

    Raises:
        TableError: It cannot be read.
    """
    if chosen.features is None:
        return None
    table = read_table(chosen.features, flags=False)
    return table.drop(columns=[name for name in table if name == "sample" or name in inputs.columns])


def ends_of_intervals(
    predictor: FluxPredictor, inputs: pd.DataFrame, level: float, features: pd.DataFrame | None
) -> list[pd.DataFrame]:
    """The ends of the intervals of every flux, as columns `<reaction>_low` and `<reaction>_high`."""
    low, high = predictor.predict_interval(inputs, level, features)
    return [low.add_suffix("_low"), high.add_suffix("_high")]


def print_errors(predictor: FluxPredictor) -> None:
    """Print what predictions start from, and how well each part of the predictor does."""
    errors = predictor.errors_
    if not len(errors):
        return
    used = ", ".join(f"{name} {share:.2f}" for name, share in predictor.estimate_.items())
    rows = [
        (str(name), *(f"{value:.3f}" for value in row))
        for name, row in zip(errors.index, errors.to_numpy(), strict=True)
    ]
    print_table(f"error, mean of ‖v̂ − v‖ / ‖v‖; shares: {used}", ("prediction", *map(str, errors.columns)), rows)
    gains = predictor.gains_
    told = [(str(name), f"{gain:.3f}") for name, gain in gains[(gains - 1).abs() > 0.01].items()]
    if told:
        print_table("measured quantities that do not close with the others", ("reaction", "measurement / flux"), told)
