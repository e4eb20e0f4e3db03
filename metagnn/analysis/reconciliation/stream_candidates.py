"""Streams that may be missing from measured rates: closed exchanges, and measured rates that are off by a factor."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from metagnn.analysis.reconciliation.exchange_laws import ExchangeLaws
from metagnn.analysis.reconciliation.stream_fit import Streams
from metagnn.network.metabolic_network import MetabolicNetwork
from metagnn.nn.biomass_column import CONTENTS

COMMON = ((1, 2), (2, 1), (2, 2), (3, 2), (3, 3), (4, 2), (4, 4))
"""Carbon and oxygen in what cells often give off: formate, ethanol, acetate, propionate, lactate or glycerol, butyrate,
succinate. Of streams that explain the rows as well, these are named first."""

NOTHING = 1e-9
"""Amount of an element below which none passes through a cell [mmol/gDW/h]."""


@dataclass(frozen=True, eq=False)
class StreamCandidates:
    """Streams that may be missing, with what they carry.

    Attributes:
        reactions: Their reactions.
        measured: Whether it is a measured rate, off by a factor; otherwise an exchange that was taken for absent.
        zero: Whether it was measured as zero in every row.
        common: Whether cells often give it off.
        contents: Carbon, nitrogen and electrons that a unit of flow takes out, shape `[3, streams]`.
        through: Carbon, nitrogen and electrons that enter or leave with the measured rates, whichever is more, shape
            `[samples, 3]` [mmol/gDW/h].
        streams: Their columns in the laws, and the flow of one unit in every row.
    """

    reactions: tuple[str, ...]
    measured: np.ndarray
    zero: np.ndarray
    common: np.ndarray
    contents: np.ndarray
    through: np.ndarray
    streams: Streams

    def shares(self, flows: np.ndarray, stream: int) -> np.ndarray:
        """Share of carbon, nitrogen and electrons that a stream takes out: the median over the rows, shape `[3]`.

        Args:
            flows: Flow of the stream in every row, NaN where it does not count, shape `[samples]` [mmol/gDW/h].
            stream: Position of the stream.
        """
        known = (self.through > NOTHING) & np.isfinite(flows)[:, None]
        parts = flows[:, None] * self.contents[:, stream] / np.where(known, self.through, 1.0)
        return np.array([np.median(parts[known[:, i], i]) if known[:, i].any() else 0.0 for i in range(len(CONTENTS))])


def stream_candidates(exchange_laws: ExchangeLaws, rates: np.ndarray, theta: np.ndarray) -> StreamCandidates:
    """List the streams that may be missing.

    Args:
        exchange_laws: Laws with an elemental composition.
        rates: Measured boundary fluxes, NaN where nothing was measured, shape `[samples, boundary]` [mmol/gDW/h].
        theta: Change of the composition of biomass.
    """
    network, closed = exchange_laws.network, exchange_laws.closed
    known = np.nan_to_num(rates)
    contents = exchange_laws.biomass.weights
    boundary = _taken_out(network, exchange_laws.indices, contents)
    boundary[:, -1] += theta
    moved = known[:, None, :] * boundary
    enters, leaves = np.maximum(-moved, 0.0).sum(axis=2), np.maximum(moved, 0.0).sum(axis=2)
    carried = _taken_out(network, closed.indices, np.vstack([contents, network.contents("O").weights]))
    useful = (np.abs(carried[:3]) > 0).any(axis=0)
    carried, places = carried[:, useful], closed.indices[useful]
    # One unit is a flow that carries the carbon taken up, or what a unit of hydrogen would of its electrons.
    typical = np.where(enters[:, 0] > NOTHING, enters[:, 0], leaves[:, 0])
    carbon = np.where(carried[0] > 0, carried[0], np.maximum(np.abs(carried[2]) / 4, 1.0))
    # Water, protons and fluxes inside the cell carry none of these elements in or out.
    carries = np.abs(boundary).max(axis=0) > NOTHING
    scaled = np.flatnonzero((known != 0).any(axis=0) & carries)
    common = np.array([(c, o) in COMMON and not n for c, n, _, o in carried.T], dtype=bool)
    # A column that is zero throughout cannot be scaled: what it measures was perhaps not measured.
    zero = np.flatnonzero(np.isfinite(rates).any(axis=0) & ~(known != 0).any(axis=0) & carries)
    laws = exchange_laws.matrix_at(theta)
    indices = np.concatenate([exchange_laws.indices[scaled], exchange_laws.indices[zero], places])
    unit = np.where(boundary[0, zero] > 0, boundary[0, zero], np.maximum(np.abs(boundary[2, zero]) / 4, 1.0))
    return StreamCandidates(
        tuple(network.reactions[index] for index in indices),
        np.arange(len(indices)) < len(scaled),
        np.isin(indices, exchange_laws.indices[zero]),
        np.concatenate([np.zeros(len(scaled) + len(zero), dtype=bool), common]),
        np.hstack([boundary[:, scaled], boundary[:, zero], carried[:3]]),
        np.maximum(enters, leaves),
        Streams(
            np.hstack([laws[:, scaled], laws[:, zero], closed.columns[:, useful]]),
            np.hstack([known[:, scaled], typical[:, None] / unit, typical[:, None] / carbon]),
        ),
    )


def _taken_out(network: MetabolicNetwork, indices: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """What a unit of every flux takes out of the cell, shape `[balances, indices]`."""
    return np.asarray(-weights @ network.stoichiometry.to_scipy().tocsc()[:, indices].toarray())
