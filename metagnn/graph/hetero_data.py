"""Convert a network to PyTorch Geometric's HeteroData and back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import scipy.sparse
import torch
from torch import Tensor
from torch_geometric.data import HeteroData

from metagnn.errors import InputError
from metagnn.graph.features import node_features
from metagnn.network.elements import balance_weights, elements_present
from metagnn.network.incidence import Incidence
from metagnn.network.metabolic_network import MetabolicNetwork
from metagnn.network.network_like import NetworkLike, as_network

CONSUMED_BY = ("metabolite", "consumed_by", "reaction")
PRODUCES = ("reaction", "produces", "metabolite")
CONSUMES = ("reaction", "consumes", "metabolite")
PRODUCED_BY = ("metabolite", "produced_by", "reaction")


def to_hetero_data(network: NetworkLike, inputs: Sequence[str] = ()) -> HeteroData:
    """Return the bipartite graph of a network, for any PyTorch Geometric model.

    Edges point from what is consumed to what is produced by a positive flux, so all coefficients are positive. Every
    edge has its reverse, so that messages run both ways.

    - `data["metabolite"]`: `x` (features of `node_features`, float32), `n_id` (position in the network),
      `compartment` (position in `data.compartments`), `element_counts` `[metabolites, elements]` in the order of
      `data.elements`, `charge` (NaN where unknown).
    - `data["reaction"]`: `x`, `n_id`, `lower_bound` and `upper_bound` [mmol/gDW/h], `objective`, `exchange`.
    - `("metabolite", "consumed_by", "reaction")`, `("reaction", "produces", "metabolite")` and the reverses
      `("reaction", "consumes", "metabolite")`, `("metabolite", "produced_by", "reaction")`: `edge_index` and
      `edge_attr`, the coefficients, shape `[edges, 1]`.
    - Rows and columns of constraints beyond S·v = 0 are nodes like the others, so that the graph holds the whole
      operator; a network that has some marks them in `data["metabolite"].is_constraint` and `data["reaction"].slack`.
    - `data.ids`: the identifiers of the network, a list per node type. `node_ids(data, "reaction")` looks up those of
    the
      nodes in `data`.

    Every node attribute is a tensor, because PyG's loaders and `subgraph` select only tensors. Every `n_id` thus stays
    with its node. Batch networks with different elements with `DataLoader(graphs, exclude_keys=["element_counts"])`.

    Coefficients and bounds are float64, so that `from_hetero_data` returns exactly the same operator;
    `StoichiometricConv` casts them, other layers need `edge_attr.float()`.

    Args:
        network: The network.
        inputs: Exchanges that the user varies or measures, for the feature that marks them.

    Raises:
        TableError: An input is not an exchange of the network, or appears twice.

    >>> from metagnn.network import load_network
    >>> data = to_hetero_data(load_network("e_coli_core"))
    >>> data["metabolite", "consumed_by", "reaction"].num_edges
    188
    """
    network = as_network(network)
    features = node_features(network, inputs)
    data = HeteroData()
    data.ids = {"metabolite": list(network.metabolites), "reaction": list(network.reactions)}
    _describe_metabolites(data, network, features.metabolite)
    _describe_reactions(data, network, features.reaction)
    if network.slacks:
        further = network.further_constraints
        data["reaction"].slack = torch.ones(len(network.reactions), dtype=torch.bool)
        data["reaction"].slack[torch.from_numpy(further.reactions)] = False
        flags = [metabolite.is_constraint for metabolite in network.metabolite_table]
        data["metabolite"].is_constraint = torch.tensor(flags)
    S = network.stoichiometry
    value = S.value.detach()
    for consumed, forward, reverse in ((True, CONSUMED_BY, CONSUMES), (False, PRODUCED_BY, PRODUCES)):
        chosen = (value < 0) if consumed else (value > 0)
        coefficient = value[chosen].abs().unsqueeze(-1)
        data[forward].edge_index, data[forward].edge_attr = S.edge_index[:, chosen], coefficient
        data[reverse].edge_index, data[reverse].edge_attr = S.edge_index[:, chosen].flip(0), coefficient.clone()
    return data


def from_hetero_data(data: HeteroData) -> Incidence:
    """Return the exact stoichiometry of a graph from `to_hetero_data` or of a subgraph.

    Reads only the ids and the edges "consumed_by" and "produces"; parallel edges are summed.

    Args:
        data: The graph, on any device.

    Raises:
        InputError: Ids or edges are missing, a coefficient is not positive, or an edge leaves the graph.
    """
    ids = {kind: node_ids(data, kind) for kind in ("metabolite", "reaction")}
    rows, columns, values = [], [], []
    for edge_type, sign in ((CONSUMED_BY, -1.0), (PRODUCES, 1.0)):
        index: Tensor = _required(data, edge_type, "edge_index")
        coefficient: Tensor = _required(data, edge_type, "edge_attr").detach().reshape(-1)
        if not bool((coefficient > 0).all()):
            raise InputError(f"`edge_attr` of {edge_type} must be positive; the type of the edge gives the sign")
        metabolite, reaction = index if sign < 0 else index.flip(0)
        rows.append(metabolite)
        columns.append(reaction)
        values.append(sign * coefficient.to(torch.float64))
    row, column, value = (torch.cat(parts).cpu().numpy() for parts in (rows, columns, values))
    for kind, positions in (("metabolite", row), ("reaction", column)):
        outside = positions[(positions < 0) | (positions >= len(ids[kind]))]
        if outside.size:
            raise InputError(f"an edge points at {kind} {outside[0]}; expected one of [0, {len(ids[kind])})")
    shape = len(ids["metabolite"]), len(ids["reaction"])
    return Incidence.from_scipy(
        scipy.sparse.coo_array((value, (row, column)), shape=shape), ids["metabolite"], ids["reaction"]
    )


def node_ids(data: HeteroData, node_type: str) -> list[str]:
    """Return the identifiers of the nodes of a graph from `to_hetero_data`, a subgraph, or a batch of them.

    Args:
        data: The graph, on any device.
        node_type: "metabolite" or "reaction".

    Raises:
        InputError: The graph lacks these nodes or their names.

    >>> import torch
    >>> from metagnn.network import load_network
    >>> data = to_hetero_data(load_network("e_coli_core"))
    >>> node_ids(data.subgraph({"reaction": torch.tensor([3, 0])}), "reaction")
    ['ACONTa', 'ACALD']
    """
    positions: list[int] = _required(data, node_type, "n_id").tolist()
    if "ids" not in data or node_type not in data.ids:
        raise InputError(f"`data` has no `ids` of {node_type!r}; expected a graph from `to_hetero_data`")
    known = data.ids[node_type]
    if known and isinstance(known[0], list):
        # A batch holds one list per graph.
        graphs: list[int] = data[node_type].batch.tolist()
        return [known[graph][position] for graph, position in zip(graphs, positions, strict=True)]
    return [known[position] for position in positions]


def _describe_metabolites(data: HeteroData, network: MetabolicNetwork, features: Tensor) -> None:
    table = network.metabolite_table
    elements = elements_present(table)
    counts = np.array([balance_weights(table, element) for element in elements]).reshape(-1, len(table))
    data.elements = list(elements)
    store = data["metabolite"]
    store.x, store.n_id = features, torch.arange(len(table))
    data.compartments = sorted({metabolite.compartment for metabolite in table})
    store.compartment = torch.tensor([data.compartments.index(metabolite.compartment) for metabolite in table])
    store.element_counts = torch.from_numpy(np.ascontiguousarray(counts.T))
    charges = [np.nan if metabolite.charge is None else metabolite.charge for metabolite in table]
    store.charge = torch.tensor(charges, dtype=torch.float64)


def _describe_reactions(data: HeteroData, network: MetabolicNetwork, features: Tensor) -> None:
    store = data["reaction"]
    store.x, store.n_id = features, torch.arange(len(network.reactions))
    # Copy: the network's bounds are read-only, and a tensor that shares them would not be.
    store.lower_bound = torch.tensor(network.bounds.lower)
    store.upper_bound = torch.tensor(network.bounds.upper)
    objective = [network.objective.get(name, 0.0) for name in network.reactions]
    store.objective = torch.tensor(objective, dtype=torch.float64)
    exchanges = frozenset(network.outside_exchanges)
    store.exchange = torch.tensor([name in exchanges for name in network.reactions])


def _required(data: HeteroData, store: str | tuple[str, str, str], name: str) -> Any:
    present = store in (data.edge_types if isinstance(store, tuple) else data.node_types)
    if not present or name not in data[store]:
        raise InputError(f"`data` has no {name!r} on {store!r}; expected a graph from `to_hetero_data`")
    return data[store][name]
