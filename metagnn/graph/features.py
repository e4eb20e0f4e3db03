"""Features of the metabolites and reactions of the static graph."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from metagnn.network.elements import balance_weights
from metagnn.network.medium import check_exchanges
from metagnn.network.metabolic_network import MetabolicNetwork
from metagnn.network.network_like import NetworkLike, as_network

COUNTED_ELEMENTS = ("C", "H", "N", "O", "P", "S")
"""Elements with a feature each; all others share one, so that every network has the same features."""

HUB_DEGREE = 10
"""Fewest reactions of a hub (ATP, water, protons: carriers rather than intermediates)."""


@dataclass(frozen=True, eq=False)
class NodeFeatures:
    """Features of every node; all networks have the same columns in the same order.

    Attributes:
        metabolite: Features of every metabolite, shape `[metabolites, features]`, float32.
        reaction: Features of every reaction, shape `[reactions, features]`, float32.
        metabolite_names: Names of the columns of `metabolite`.
        reaction_names: Names of the columns of `reaction`.
    """

    metabolite: Tensor
    reaction: Tensor
    metabolite_names: tuple[str, ...]
    reaction_names: tuple[str, ...]

    def __repr__(self) -> str:
        return f"NodeFeatures(metabolite {list(self.metabolite.shape)}, reaction {list(self.reaction.shape)})"


def node_features(network: NetworkLike, inputs: Sequence[str] = ()) -> NodeFeatures:
    """Describe every node by its properties; no column identifies a single metabolite or reaction.

    Learned weights therefore apply to other networks. Counts and coefficients enter as logarithms, because they span
    four decades; bounds enter as flags, because ±1000 and ±∞ mean the same. A missing formula or charge is zero beside
    a flag.

    Args:
        network: The network; formulas, charges, objective and exchanges may be missing.
        inputs: Exchanges that the user varies or measures.

    Raises:
        TableError: An input is not an exchange of the network, or appears twice.

    >>> from metagnn.network import load_network
    >>> features = node_features(load_network("e_coli_core"), inputs=["EX_glc__D_e"])
    >>> features.metabolite.shape, features.reaction.shape, features.reaction_names[:2]
    (torch.Size([72, 14]), torch.Size([95, 10]), ('forward', 'backward'))
    """
    network = as_network(network)
    check_exchanges(inputs, network.exchanges, network.reactions, network.id)
    metabolite, reaction = _metabolite_columns(network), _reaction_columns(network, inputs)
    return NodeFeatures(_stack(metabolite), _stack(reaction), tuple(metabolite), tuple(reaction))


def _metabolite_columns(network: MetabolicNetwork) -> dict[str, np.ndarray]:
    table = network.metabolite_table
    S = network.stoichiometry.to_scipy()
    degree = np.diff(S.indptr)
    counts = np.array([balance_weights(table, element) for element in COUNTED_ELEMENTS]).T
    total = np.array([sum((m.formula or {}).values()) for m in table])
    exchanged = np.isin(np.arange(len(table)), network.mass_balances()[:, network.outside_indices].nonzero()[0])
    outside = {table[row].compartment for row in np.flatnonzero(exchanged)} - {""}
    charge = balance_weights(table, "charge")
    return {
        **{f"log_{e}": np.log1p(column) for e, column in zip(COUNTED_ELEMENTS, counts.T, strict=True)},
        "log_other_elements": np.log1p(np.clip(total - counts.sum(axis=1), 0.0, None)),
        "formula_known": np.array([m.complete for m in table]),
        "charge": np.sign(charge) * np.log1p(np.abs(charge)),
        "charge_known": np.array([m.charge is not None for m in table]),
        "exchanged": exchanged,
        # Identify the outside by the exchanges: models name it differently.
        "extracellular": exchanged | np.array([m.compartment in outside for m in table], dtype=bool),
        "log_degree": np.log1p(degree),
        "hub": degree >= HUB_DEGREE,
    }


def _reaction_columns(network: MetabolicNetwork, inputs: Sequence[str]) -> dict[str, np.ndarray]:
    S = network.stoichiometry.to_scipy()
    lower, upper = network.bounds.lower, network.bounds.upper
    matter = network.mass_balances()
    one_sided = ((matter > 0).sum(axis=0) == 0) | ((matter < 0).sum(axis=0) == 0)
    return {
        "forward": upper > 0,
        "backward": lower < 0,
        "forced": (lower > 0) | (upper < 0),
        "exchange": _among(network.reactions, network.outside_exchanges),
        "one_sided": one_sided,
        "objective": np.array([bool(network.objective.get(name)) for name in network.reactions]),
        "varied": _among(network.reactions, inputs),
        "log_degree": np.log1p(np.diff(S.tocsc().indptr)),
        "log_coefficients": np.log1p(abs(S).sum(axis=0)),
        "carbon_exchanged": _carbon_exchanged(network),
    }


def _carbon_exchanged(network: MetabolicNetwork) -> np.ndarray:
    """Return the logarithm of the carbon that one unit of flux brings in (positive) or takes out (negative)."""
    S = network.stoichiometry.to_scipy()
    carbon: np.ndarray = balance_weights(network.metabolite_table, "C") @ S
    # A metabolite without a formula invalidates the sum; tiny sums are round-off.
    unknown = np.array([not metabolite.complete for metabolite in network.metabolite_table], dtype=bool)
    carbon[(abs(S).T @ unknown > 0) | (np.abs(carbon) < 1e-6)] = 0.0
    signed_size: np.ndarray = np.sign(carbon) * np.log1p(np.abs(carbon))
    return signed_size


def _among(names: Sequence[str], chosen: Sequence[str]) -> np.ndarray:
    members = frozenset(chosen)
    return np.array([name in members for name in names])


def _stack(columns: dict[str, np.ndarray]) -> Tensor:
    return torch.from_numpy(np.stack([np.asarray(c, dtype=np.float32) for c in columns.values()], axis=1))
