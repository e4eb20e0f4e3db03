"""Convert a network to a networkx graph and back."""

from __future__ import annotations

from numbers import Real
from typing import Any

import networkx
import scipy.sparse

from metagnn.errors import NetworkError
from metagnn.network.elements import Metabolite
from metagnn.network.incidence import Incidence
from metagnn.network.network_like import NetworkLike, as_network

METABOLITE, REACTION = 0, 1
"""Values of the node attribute `bipartite`, which networkx's bipartite algorithms read."""


def to_networkx(network: NetworkLike) -> networkx.DiGraph:
    """Return the bipartite graph: metabolite → reaction if consumed, reaction → metabolite if produced.

    It shows metabolites and reactions only; constraints beyond S·v = 0 are left out.

    Nodes are the ids. Metabolites carry `bipartite` 0, `name`, `compartment` and, where the model knows them,
    `formula` ("C6H12O6") and `charge`; reactions carry `bipartite` 1, `name`, `subsystem`, `lower_bound` and
    `upper_bound` [mmol/gDW/h], `objective` and `is_exchange`. Edges carry `coefficient` > 0. All attributes are
    text or numbers, so that functions such as `networkx.write_graphml` can write them.

    Args:
        network: The network.

    Raises:
        NetworkError: A metabolite and a reaction share an id.

    >>> from metagnn.network import load_network
    >>> graph = to_networkx(load_network("e_coli_core"))
    >>> sorted(graph.predecessors("PFK")), graph["PFK"]["fdp_c"]["coefficient"]
    (['atp_c', 'f6p_c'], 1.0)
    """
    network = as_network(network)
    shared = sorted(set(network.metabolites) & set(network.reactions))
    if shared:
        raise NetworkError(f"{shared[0]!r} is both a metabolite and a reaction of {network.id}; expected unique ids")
    graph = networkx.DiGraph(name=network.id)
    for metabolite in network.metabolite_table:
        if not metabolite.is_constraint:
            graph.add_node(metabolite.id, **_metabolite_attributes(metabolite))
    exchanges = frozenset(network.exchanges)
    bounds = zip(network.bounds.lower, network.bounds.upper, strict=True)
    for reaction, (lower, upper) in zip(network.reaction_table, bounds, strict=True):
        if not reaction.is_own:
            continue
        graph.add_node(
            reaction.id,
            bipartite=REACTION,
            name=reaction.name,
            subsystem=reaction.subsystem,
            lower_bound=float(lower),
            upper_bound=float(upper),
            objective=float(network.objective.get(reaction.id, 0.0)),
            is_exchange=reaction.id in exchanges,
        )
    S = network.stoichiometry
    for row, column, value in zip(S.row.tolist(), S.column.tolist(), S.value.tolist(), strict=True):
        metabolite_id, reaction_id = S.rows[row], S.columns[column]
        if metabolite_id not in graph or reaction_id not in graph:
            continue
        source, target = (metabolite_id, reaction_id) if value < 0 else (reaction_id, metabolite_id)
        graph.add_edge(source, target, coefficient=abs(value))
    return graph


def from_networkx(graph: networkx.DiGraph) -> Incidence:
    """Return the exact stoichiometry of a graph like that of `to_networkx`, in the order of its nodes.

    Args:
        graph: Nodes with `bipartite` 0 (metabolite) or 1 (reaction), edges between the two kinds with
            `coefficient` > 0.

    Raises:
        NetworkError: A node lacks `bipartite`, or an edge joins two nodes of one kind or has no positive coefficient;
            the message names the first.
    """
    positions: dict[int, dict[str, int]] = {METABOLITE: {}, REACTION: {}}
    for node, kind in graph.nodes(data="bipartite"):
        if kind not in positions:
            raise NetworkError(f"node {node!r} has `bipartite` {kind!r}; expected 0 (metabolite) or 1 (reaction)")
        positions[kind][node] = len(positions[kind])
    metabolites, reactions = positions[METABOLITE], positions[REACTION]
    rows, columns, values = [], [], []
    for source, target, coefficient in graph.edges(data="coefficient"):
        if not isinstance(coefficient, Real) or not float(coefficient) > 0:
            raise NetworkError(f"edge {source!r} → {target!r} has `coefficient` {coefficient!r}; expected a number > 0")
        consumed = source in metabolites
        metabolite, reaction = (source, target) if consumed else (target, source)
        if metabolite not in metabolites or reaction not in reactions:
            raise NetworkError(f"edge {source!r} → {target!r} joins two nodes of one kind; expected one of each")
        rows.append(metabolites[metabolite])
        columns.append(reactions[reaction])
        values.append(-float(coefficient) if consumed else float(coefficient))
    matrix = scipy.sparse.coo_array((values, (rows, columns)), shape=(len(metabolites), len(reactions)))
    return Incidence.from_scipy(matrix, tuple(metabolites), tuple(reactions))


def _metabolite_attributes(metabolite: Metabolite) -> dict[str, Any]:
    attributes: dict[str, Any] = {
        "bipartite": METABOLITE,
        "name": metabolite.name,
        "compartment": metabolite.compartment,
    }
    # Omit unknown values: GraphML has no None.
    if metabolite.formula:
        attributes["formula"] = "".join(
            element if count == 1 else f"{element}{count:.12g}" for element, count in metabolite.formula.items()
        )
    if metabolite.charge is not None:
        attributes["charge"] = float(metabolite.charge)
    return attributes
