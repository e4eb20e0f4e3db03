"""Groups of samples: what belongs together, and is left out together when a prediction is tried."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from metagnn.datasets.targets import align_rows
from metagnn.errors import TableError


def read_groups(groups: Any, index: pd.Index) -> Tensor | None:
    """Read the group of every sample; return numbers from 0, shape `[samples]`.

    Args:
        groups: One label a row, such as carbon source, strain or laboratory; None if there are no groups.
        index: Index of the inputs; a Series is put in its order.

    Raises:
        TableError: Another number of rows, a missing label, or a single group.
    """
    if groups is None:
        return None
    if isinstance(groups, pd.DataFrame):
        raise TableError("`groups` is a table; expected one label a row, such as one of its columns")
    if isinstance(groups, pd.Series):
        groups = align_rows(groups.to_frame("groups"), index, "groups")["groups"]
    labels = pd.Series(list(groups), dtype=object)
    if len(labels) != len(index):
        raise TableError(f"`groups` has {len(labels)} labels; expected one for each of the {len(index)} rows")
    for row in np.flatnonzero(labels.isna())[:1]:
        raise TableError(f"`groups` has no label in row {row}; expected one for every row")
    numbers, names = pd.factorize(labels)
    if len(names) == 1:
        raise TableError(
            f"`groups` holds one group, {names[0]!r}; expected two at least, or None: what is predicted of a group is "
            "tried on one that was left out"
        )
    single = [repr(names[k]) for k in np.flatnonzero(np.bincount(numbers) == 1).tolist()]
    if single and len(single) < len(names):
        warnings.warn(
            f"`groups`: {', '.join(single[:3])}{' and others' if len(single) > 3 else ''} has one row; it is left out "
            "alone, and tells little of how far predictions of a new group are off",
            stacklevel=5,
        )
    return torch.from_numpy(numbers.astype(np.int64))
