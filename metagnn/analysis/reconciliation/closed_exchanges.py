"""Exchanges that are taken for absent, and what each would add to the laws if it carried flux."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from metagnn.network.metabolic_network import MetabolicNetwork

TOLERANCE = 1e-7


@dataclass(frozen=True, eq=False)
class ClosedExchanges:
    """Closed exchanges that could carry flux at steady state, each alone.

    Attributes:
        indices: Their positions among the reactions, shape `[closed]`.
        columns: What one unit of flux adds to every law, shape `[laws, closed]`.
    """

    indices: np.ndarray
    columns: np.ndarray


def find_closed_exchanges(
    network: MetabolicNetwork, closed: np.ndarray, contents: np.ndarray, combinations: np.ndarray, scale: np.ndarray
) -> ClosedExchanges:
    """Find the closed exchanges that open ones can balance.

    Args:
        network: The network.
        closed: Boundary reactions that are closed, boolean, shape `[reactions]`.
        contents: What every metabolite holds of each conserved quantity, shape `[metabolites, quantities]`.
        combinations: Orthonormal combinations of these quantities that the open boundary fluxes exchange, shape
            `[quantities, laws]`. What else a closed exchange carries, nothing open could bring.
        scale: Factor of every law, shape `[laws, 1]`.
    """
    outside = np.zeros(len(closed), dtype=bool)
    outside[[network.reaction_index(name) for name in network.outside_exchanges]] = True
    indices = np.flatnonzero(closed & outside)
    carried = contents.T @ network.stoichiometry.to_scipy().tocsc()[:, indices].toarray()
    along = combinations.T @ carried
    rest = np.linalg.norm(carried - combinations @ along, axis=0)
    alone = (rest < TOLERANCE * np.linalg.norm(carried, axis=0)) & (np.linalg.norm(along, axis=0) > TOLERANCE)
    return ClosedExchanges(indices[alone], (along * scale)[:, alone])
