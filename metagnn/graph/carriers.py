"""Find carriers (metabolites such as ATP that most reactions use) and the main metabolites of a reaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse

from metagnn.network.elements import balance_weights
from metagnn.network.metabolic_network import MetabolicNetwork

HUB_SHARE = 0.9
"""A hub has at least this multiple of √reactions: 9 reactions in e_coli_core, 46 in iJO1366."""

FEWEST = 6
"""Fewest reactions of a hub, however small the network."""

SWAPPED = 0.9
"""A hub is a carrier if, in at least this share of its reactions, a metabolite with as many carbons (ubiquinol for
ubiquinone) replaces it: it then carries electrons or groups, not the carbon flow."""

SMALLEST_PAIR = 0.4
"""Smallest share of a hub's reactions for such a pair."""


@dataclass(frozen=True, eq=False)
class CarrierTable:
    """The metabolites that carry electrons, groups or ions rather than the carbon flow.

    Attributes:
        degree: Number of reactions of every metabolite, shape `[metabolites]`.
        swapped: Share of reactions in which a metabolite is exchanged for its most frequent partner on the other side,
            shape `[metabolites]`: 1 for NAD in e_coli_core, .36 for pyruvate, which is as well connected.
        carrier: Whether a metabolite is a carrier, boolean, shape `[metabolites]`.
    """

    degree: np.ndarray
    swapped: np.ndarray
    carrier: np.ndarray


def find_carriers(network: MetabolicNetwork) -> CarrierTable:
    """Find carriers by their degree and by pairs that only replace each other; uses no list of names.

    Args:
        network: The network.

    >>> from metagnn.network import load_network
    >>> core = load_network("e_coli_core")
    >>> carrier = find_carriers(core).carrier
    >>> [name for name, is_carrier in zip(core.metabolites, carrier) if is_carrier][:6]
    ['adp_c', 'atp_c', 'co2_c', 'coa_c', 'h2o_c', 'h_c']
    """
    S = network.mass_balances().tocsr()
    degree = np.diff(S.indptr)
    made, used = (S > 0).astype(np.float64), (S < 0).astype(np.float64)
    opposite = (made @ used.T).tocoo()
    # Count each reaction with the two on opposite sides once, whichever is on the left.
    pairs = scipy.sparse.coo_array(opposite + opposite.T)
    carbon = balance_weights(network.metabolite_table, "C")
    row, partner = pairs.coords
    swapped, rearranged = np.zeros(len(degree)), np.zeros(len(degree))
    np.maximum.at(swapped, row, pairs.data / degree[row])
    same = carbon[row] == carbon[partner]
    np.maximum.at(rearranged, row[same], (pairs.data / degree[row])[same])
    hub = max(FEWEST, HUB_SHARE * np.sqrt(len(network.reactions)))
    pair = (rearranged >= SWAPPED) & (degree >= SMALLEST_PAIR * hub)
    return CarrierTable(degree, swapped, (degree >= hub) | pair)


def main_metabolites(network: MetabolicNetwork, reactions: Sequence[int]) -> tuple[tuple[int, ...], ...]:
    """Return the main metabolites of every reaction: all but carriers, and at least one on each side that has any.

    If a side holds only carriers, the one closest to the carbon flow is kept: among those with carbon the one swapped
    least (pyruvate before CoA before NAD), otherwise the least connected.

    Args:
        network: The network.
        reactions: Positions of reactions.

    Returns:
        Positions of metabolites for every reaction, in network order.
    """
    table = find_carriers(network)
    carbon = balance_weights(network.metabolite_table, "C")
    S = network.mass_balances().tocsc()

    def rank(row: int) -> tuple[bool, float, int]:
        organic = bool(carbon[row] > 1)
        return not organic, float(table.swapped[row]) if organic else 0.0, int(table.degree[row])

    chosen = []
    for column in reactions:
        entries = slice(S.indptr[column], S.indptr[column + 1])
        rows, values = S.indices[entries], S.data[entries]
        kept: list[int] = []
        for side in (rows[values < 0], rows[values > 0]):
            main = [int(row) for row in side if not table.carrier[row]]
            kept += main or ([min(map(int, side), key=rank)] if side.size else [])
        chosen.append(tuple(sorted(kept)))
    return tuple(chosen)
