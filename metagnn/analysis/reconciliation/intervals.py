"""Intervals of reconciled fluxes: by noise where the data determine a flux, by flux variability elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import scipy.sparse

from metagnn.analysis.composition.content_interval import QUANTILE
from metagnn.analysis.reconciliation.composition_fit import FittedComposition
from metagnn.analysis.reconciliation.exchange_laws import ExchangeLaws
from metagnn.analysis.reconciliation.flux_bounds import NO_BOUND
from metagnn.analysis.reconciliation.linear_model import Posterior, determined_fluxes
from metagnn.analysis.reconciliation.sample_ranges import SampleRanges
from metagnn.network.metabolic_network import MetabolicNetwork
from metagnn.progress import Report, unreported

DETERMINED, BOUNDED, FREE = "determined", "bounded", "free"

NUMBERS = ("value", "low", "high", "range_min", "range_max")

WIDEST = 1000.0
"""Bound in place of none [mmol/gDW/h]."""


@dataclass(frozen=True, eq=False)
class FluxIntervals:
    """Intervals of some fluxes, each array of shape `[samples, fluxes]` [mmol/gDW/h].

    Attributes:
        reactions: Their names.
        value: Reconciled flux; NaN where it is not determined.
        low: Lower end of the 90 % interval; of the range where the flux is not determined.
        high: Upper end.
        range_min: Smallest value while every measured rate stays in its own 90 % interval; NaN where not asked for.
        range_max: Largest value under the same condition.
        status: "determined" (the balances tie it to measurements), "bounded" (a finite range) or "free".
    """

    reactions: tuple[str, ...]
    value: np.ndarray
    low: np.ndarray
    high: np.ndarray
    range_min: np.ndarray
    range_max: np.ndarray
    status: np.ndarray

    def to_frame(self, samples: Sequence[str]) -> pd.DataFrame:
        """One row a sample and flux: `sample, reaction, value, low, high, range_min, range_max, status`."""
        columns = {name: getattr(self, name).ravel() for name in NUMBERS}
        index = {
            "sample": np.repeat(np.array(samples, dtype=object), len(self.reactions)),
            "reaction": np.tile(np.array(self.reactions, dtype=object), len(samples)),
        }
        return pd.DataFrame(index | columns | {"status": self.status.ravel()})


@dataclass(frozen=True, eq=False)
class SteadyStates:
    """Directions at steady state of the fluxes that need intervals.

    Attributes:
        indices: Positions of the fluxes among the reactions.
        basis: Orthonormal directions, shape `[fluxes, nullity]`.
        moves: Fluxes that balance one unit of every parameter of the composition, shape `[fluxes, parameters]`.
        trusted: Whether a flux is known without a measurement (trace exchanges), boolean, shape `[fluxes]`.
    """

    indices: np.ndarray
    basis: np.ndarray
    moves: np.ndarray
    trusted: np.ndarray

    def directions(self, undetermined: np.ndarray) -> np.ndarray:
        """Directions in which the fluxes move, those of an undetermined composition included.

        Args:
            undetermined: Directions of the composition's parameters, shape `[parameters, directions]`.
        """
        moves = self.moves @ undetermined
        size = np.linalg.norm(moves, axis=0)
        return np.hstack([self.basis, moves / np.where(size > 0, size, 1.0)])


def flux_intervals(
    fluxes: np.ndarray,
    measured: np.ndarray,
    states: SteadyStates,
    found: Posterior,
    fitted: FittedComposition,
) -> FluxIntervals:
    """Compute 90 % intervals of the determined fluxes by propagation of noise; the others get NaN.

    Two variances add up: that of the sample's own noise, and that of the composition fitted to the file.

    Args:
        fluxes: Reconciled fluxes, shape `[samples, fluxes]`.
        measured: Whether each was measured, the same shape.
        states: Directions at steady state.
        found: Variances of the fluxes.
        fitted: The fitted composition.
    """
    composed = np.einsum("sfp,pq,sfq->sf", found.response, fitted.covariance, found.response, optimize=True)
    half = QUANTILE * np.sqrt(np.maximum(fitted.spread * found.variance + composed, 0.0))
    patterns, which = np.unique(measured, axis=0, return_inverse=True)
    known = np.array([determined_fluxes(states.basis, pattern | states.trusted)[0] for pattern in patterns])
    certain = known[which.ravel()]
    if fitted.undetermined.shape[1]:
        # What hangs on a composition that nobody knows is unknown too: its wide prior shows in the variance.
        certain = certain & (measured | (QUANTILE * np.sqrt(np.maximum(composed, 0.0)) <= np.abs(fluxes)))
    value, low, high = (np.where(certain, array, np.nan) for array in (fluxes, fluxes - half, fluxes + half))
    nothing = np.full(fluxes.shape, np.nan)
    names = np.where(certain, DETERMINED, FREE).astype(object)
    return FluxIntervals((), value, low, high, nothing, nothing.copy(), names)


class RangeFinder:
    """Find ranges of fluxes while measured rates stay in their 90 % intervals.

    Args:
        exchange_laws: The laws of the boundary fluxes.
        network: The network with the fitted composition.
        fitted: The fitted composition; its undetermined directions may vary by 100 %.
        bounds: Bounds of every flux [mmol/gDW/h].
    """

    def __init__(
        self,
        exchange_laws: ExchangeLaws,
        network: MetabolicNetwork,
        fitted: FittedComposition,
        bounds: tuple[np.ndarray, np.ndarray],
    ) -> None:
        extra = exchange_laws.column_changes @ fitted.undetermined
        self._matrix = scipy.sparse.hstack([network.stoichiometry.to_scipy(), scipy.sparse.csr_array(extra)])
        self._lower, self._upper = np.maximum(bounds[0], -WIDEST), np.minimum(bounds[1], WIDEST)
        self._open, self._growth = extra.shape[1], int(exchange_laws.indices[-1])
        self._spread = fitted.spread

    def find_ranges(
        self,
        fluxes: np.ndarray,
        measured: np.ndarray,
        deviations: np.ndarray,
        indices: np.ndarray,
        wanted: np.ndarray,
        progress: Report = unreported,
    ) -> np.ndarray:
        """Smallest and largest values, shape `[samples, ranges, 2]` [mmol/gDW/h]; NaN where not wanted.

        Args:
            fluxes: Reconciled fluxes, shape `[samples, reactions]`.
            measured: Measurements, NaN where there is none, the same shape.
            deviations: Their standard deviations, the same shape.
            indices: Positions of the reactions, shape `[ranges]`.
            wanted: Whether a sample's range is asked for, boolean, shape `[samples, ranges]`.
            progress: Called with how many ends of ranges are done, and of how many.
        """
        found = np.full((*wanted.shape, 2), np.nan)
        rows = np.flatnonzero(wanted.any(axis=1))
        if not len(rows):
            return found
        fluxes, measured, deviations = fluxes[rows], measured[rows], deviations[rows]
        half = QUANTILE * np.sqrt(self._spread) * deviations
        # The reconciled flux is feasible: widen an interval that misses it.
        slack = 1e-7 * (1.0 + np.abs(fluxes))
        lower = np.where(np.isnan(measured), self._lower, np.fmin(measured - half, fluxes - slack))
        upper = np.where(np.isnan(measured), self._upper, np.fmax(measured + half, fluxes + slack))
        lower, upper = np.minimum(lower, fluxes - slack), np.maximum(upper, fluxes + slack)
        loose = np.repeat(np.maximum(fluxes[:, [self._growth]], 0.0), self._open, axis=1)
        ranges = SampleRanges(self._matrix, np.hstack([lower, -loose]), np.hstack([upper, loose]))
        found[rows] = ranges.find_ranges(indices, wanted[rows], progress)
        found[found <= -NO_BOUND], found[found >= NO_BOUND] = -np.inf, np.inf
        return found
