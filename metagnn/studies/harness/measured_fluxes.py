"""Measured fluxes: samples with uptakes, what was measured, and what flux balance analysis says of each."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType

import numpy as np
import pandas as pd
from sklearn.model_selection import GroupKFold, KFold

from metagnn.fba.simulate import simulate_fluxes
from metagnn.network.metabolic_network import MetabolicNetwork

OPTIMA = ("pfba", "min_norm")
"""Optima that rivals may use as features or as answers."""

INNER_FOLDS = 7
"""Most folds that settings are chosen on."""


@dataclass(frozen=True, eq=False)
class MeasuredFluxes:
    """Samples of one laboratory, one row each.

    Attributes:
        network: The network.
        uptakes: Largest uptakes; columns are exchanges [mmol/gDW/h].
        targets: What was measured; columns are reactions [mmol/gDW/h], and growth [1/h].
        deviations: Standard deviations, in the rows and columns of `targets`.
        groups: What belongs together, such as replicates or a carbon source, shape `[samples]`.
        optima: By method, every flux of the optimum at these uptakes, zero where there is none [mmol/gDW/h].
    """

    network: MetabolicNetwork
    uptakes: pd.DataFrame
    targets: pd.DataFrame
    deviations: pd.DataFrame
    groups: np.ndarray
    optima: Mapping[str, pd.DataFrame]

    def rows(self, positions: np.ndarray) -> MeasuredFluxes:
        """Select samples by position."""
        uptakes, targets, deviations = (
            table.iloc[positions].reset_index(drop=True) for table in (self.uptakes, self.targets, self.deviations)
        )
        optima = {name: table.iloc[positions].reset_index(drop=True) for name, table in self.optima.items()}
        return MeasuredFluxes(self.network, uptakes, targets, deviations, self.groups[positions], optima)

    def unmeasured(self) -> MeasuredFluxes:
        """Return the same samples without what was measured: what a contestant may see of a test sample."""
        nothing = pd.DataFrame(np.nan, index=self.targets.index, columns=self.targets.columns)
        return MeasuredFluxes(self.network, self.uptakes, nothing, nothing, self.groups, self.optima)

    @cached_property
    def carbon(self) -> np.ndarray:
        """Carbon that the largest uptakes bring, shape `[samples]` [mmol C/gDW/h]."""
        carbon = self.network.element_balance("C").to_dense()[0].numpy()
        per_exchange = [abs(carbon[self.network.reaction_index(str(name))]) for name in self.uptakes.columns]
        return np.asarray(self.uptakes.to_numpy() @ np.array(per_exchange))

    def optimum(self, method: str) -> np.ndarray:
        """Return the optimum in the columns of the targets, shape `[samples, targets]` [mmol/gDW/h]."""
        return np.asarray(self.optima[method][list(self.targets.columns)].to_numpy(), dtype=np.float64)


def measured_fluxes(
    network: MetabolicNetwork,
    uptakes: pd.DataFrame,
    targets: pd.DataFrame,
    deviations: pd.DataFrame,
    groups: np.ndarray,
) -> MeasuredFluxes:
    """Add the optima of flux balance analysis to measurements.

    Args:
        network: The network.
        uptakes: Largest uptakes [mmol/gDW/h].
        targets: What was measured; columns are reactions, or `growth`.
        deviations: In the rows and columns of `targets`.
        groups: What belongs together.
    """
    named = {"growth": network.growth_reaction}
    with warnings.catch_warnings():
        # A medium that cannot pay the maintenance of the model has no optimum: such a cell stands still.
        warnings.simplefilter("ignore")
        optima = {method: simulate_fluxes(network, uptakes, method).fluxes.fillna(0.0) for method in OPTIMA}
    return MeasuredFluxes(
        network,
        uptakes.reset_index(drop=True),
        targets.rename(columns=named).reset_index(drop=True),
        deviations.rename(columns=named).reset_index(drop=True),
        np.asarray(groups),
        MappingProxyType({name: table.reset_index(drop=True) for name, table in optima.items()}),
    )


def inner_folds(groups: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield training and validation rows inside the training rows: whole groups are held out, if there are several."""
    count = len(np.unique(groups))
    if count > 1:
        yield from GroupKFold(min(count, INNER_FOLDS)).split(groups, groups=groups)
    else:
        yield from KFold(min(len(groups), INNER_FOLDS)).split(groups)


def relative_errors(observed: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    """Return the normalised error ‖predicted − observed‖ / ‖observed‖ of every sample, shape `[samples]`."""
    return np.asarray(np.linalg.norm(predicted - observed, axis=1) / np.linalg.norm(observed, axis=1))
