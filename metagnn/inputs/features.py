"""Features: what is known of a sample beside its medium, such as pH, temperature, strain or a transcription factor."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np
import pandas as pd

from metagnn.datasets.targets import align_rows
from metagnn.errors import TableError, unknown_name
from metagnn.files.table_values import parse_column, parse_flags

IS = "\t"
"""Between a column of labels and one of its labels, in the name of the feature that says whether it holds."""

COLLINEAR = 1e-8
"""Share of the largest singular value below which features are combinations of others."""


def read_features(
    table: pd.DataFrame | None, index: pd.Index, expected: Sequence[str] | None
) -> tuple[np.ndarray, tuple[str, ...]]:
    """Read a table of features: a column of numbers is one feature, a column of labels one for each of its labels.

    Args:
        table: One row a sample, with the index of the inputs in any order; None if there are no features.
        index: Index of the inputs.
        expected: The features of the fit; None takes the columns as they come.

    Returns:
        Values, shape `[samples, features]`, and the names of the features, those of the fit if they were given. A
        label that the fit did not see has none of the features of its column, with a warning.

    Raises:
        TableError: Another index, a column of the fit is missing, a new one appears, or a value is missing or infinite.
    """
    if table is None:
        if expected:
            raise TableError(f"`features` is missing; expected the columns of the fit: {_listed(_columns(expected))}")
        return np.zeros((len(index), 0)), ()
    if isinstance(table, pd.Series):
        table = table.to_frame("feature" if table.name is None else table.name)
    if not isinstance(table, pd.DataFrame):
        raise TableError(f"`features` is a {type(table).__name__}; expected a DataFrame, one row a sample")
    table = align_rows(table, index, "features")
    _check_columns([str(name) for name in table.columns], expected)
    if expected is None:
        names = tuple(
            feature for position in range(table.shape[1]) for feature in _features_of(table.iloc[:, position])
        )
    else:
        names = tuple(expected)
    values = np.zeros((len(table), len(names)))
    for position in range(table.shape[1]):
        column = table.iloc[:, position]
        own = [k for k, name in enumerate(names) if name.partition(IS)[0] == str(column.name)]
        values[:, own] = _encoded(column, [names[k] for k in own])
    if expected is None:
        warn_useless(values, names)
    return values, names


def warn_useless(values: np.ndarray, names: Sequence[str]) -> None:
    """Warn of features that are constant, or combinations of others: nothing can be learned from them.

    Args:
        values: Shape `[samples, features]`.
        names: Their names.
    """
    constant = [shown(name) for name, column in zip(names, values.T, strict=True) if np.ptp(column) == 0]
    if constant:
        warnings.warn(f"`features`: {_listed(constant)} does not vary, so nothing is learned from it", stacklevel=6)
    # The labels of one column always sum to one: leave the first of each out.
    firsts = {name.partition(IS)[0]: k for k, name in reversed(list(enumerate(names))) if IS in name}
    kept = [k for k, name in enumerate(names) if k not in firsts.values() and shown(name) not in constant]
    standard = (values - values.mean(axis=0)) / np.where(values.std(axis=0) > 0, values.std(axis=0), 1.0)
    dependent, base = [], np.zeros((len(values), 0))
    for k in kept:
        rest = standard[:, k] - base @ (np.linalg.pinv(base) @ standard[:, k])
        if np.linalg.norm(rest) <= COLLINEAR * np.sqrt(len(values)):
            dependent.append(shown(names[k]))
        else:
            base = np.column_stack([base, standard[:, k]])
    if dependent and len(values) > len(kept) + 1:
        warnings.warn(
            f"`features`: {_listed(dependent)} follows exactly from the others, so their effects cannot be told apart",
            stacklevel=6,
        )


def shown(name: str) -> str:
    """A feature as a person would write it."""
    return repr(name.replace(IS, " = "))


def _columns(features: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(name.partition(IS)[0] for name in features))


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names)


def _check_columns(columns: Sequence[str], expected: Sequence[str] | None) -> None:
    for name in columns:
        if columns.count(name) > 1:
            raise TableError(f"`features` names {name!r} more than once; expected one column")
        if IS in name:
            raise TableError(f"`features` has the column {name!r}; expected a name without a tabulator")
    if expected is None:
        return
    wanted = _columns(expected)
    for name in wanted:
        if name not in columns:
            raise TableError(f"`features` lacks the column {name!r}; expected those of the fit: {_listed(wanted)}")
    for name in columns:
        if name not in wanted:
            raise TableError("`features`: " + unknown_name(name, wanted, "feature of the fit"))


def _features_of(column: pd.Series) -> list[str]:
    """Names of the features of a column: its own if it holds numbers, else one for every label."""
    if _numbers(column) is not None:
        return [str(column.name)]
    _check_gaps(column, column.isna().to_numpy())
    return [f"{column.name}{IS}{label}" for label in sorted({str(label) for label in column})]


def _numbers(column: pd.Series) -> np.ndarray | None:
    flags = parse_flags(column)
    if flags is not None:
        return flags
    parsed = parse_column(column)
    return None if parsed.fault is not None else parsed.values


def _encoded(column: pd.Series, names: Sequence[str]) -> np.ndarray:
    if IS not in names[0]:
        values = _numbers(column)
        if values is None:
            raise TableError(f"`features`, column {str(column.name)!r} holds text; expected numbers, as in the fit")
        _check_gaps(column, ~np.isfinite(values))
        return values[:, None]
    _check_gaps(column, column.isna().to_numpy())
    labels = [name.partition(IS)[2] for name in names]
    found = [str(label) for label in column]
    unseen = sorted({label for label in found if label not in labels})
    if unseen:
        warnings.warn(
            f"`features`, column {str(column.name)!r}: {_listed([repr(label) for label in unseen[:3]])} did not occur "
            "in the fit; such rows are predicted as a strange one among them, with nothing of their own",
            stacklevel=6,
        )
    return np.array([[float(label == own) for own in labels] for label in found])


def _check_gaps(column: pd.Series, gaps: np.ndarray) -> None:
    for row in np.flatnonzero(gaps)[:1]:
        raise TableError(
            f"`features`, column {str(column.name)!r}, row {row}: {column.iloc[row]}; expected a finite value in "
            "every row: leave the column out, or the row"
        )
