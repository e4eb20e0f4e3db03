"""FluxCase: measured samples with the splits they are tried on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from metagnn.studies.harness.measured_fluxes import MeasuredFluxes

Fold = tuple[np.ndarray, np.ndarray]
"""Positions of training and of test samples."""


@dataclass(frozen=True, eq=False)
class FluxCase:
    """Samples of one set, the same for all contestants.

    Attributes:
        samples: What was measured.
        truth: What is scored, in the rows and columns of the targets or more; the measurements themselves, or the
            fluxes behind them where they are known [mmol/gDW/h].
        scored: Columns of the normalised error.
        splits: Folds by the name of the split; scores pool the test samples of its folds.
        hidden: Column that nobody measured; empty if the truth is not known beyond the targets.
    """

    samples: MeasuredFluxes
    truth: pd.DataFrame
    scored: tuple[str, ...]
    splits: Mapping[str, tuple[Fold, ...]]
    hidden: str = ""


def leave_groups_out(groups: np.ndarray) -> tuple[Fold, ...]:
    """Return one fold a group: all others train."""
    return tuple((np.flatnonzero(groups != group), np.flatnonzero(groups == group)) for group in np.unique(groups))
