"""Lay a network out in the plane."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

import networkx
import numpy as np
import scipy.sparse

from metagnn.errors import InputError, NetworkError, unknown_name
from metagnn.graph.boxes import pack, separate
from metagnn.graph.carriers import main_metabolites
from metagnn.graph.reaction_map import Inside, MapMetabolite, MapReaction, MapSegment, ReactionMap, cut_end, cut_start
from metagnn.network.metabolic_network import MetabolicNetwork
from metagnn.network.network_like import NetworkLike, as_network

MOST_REACTIONS = 350
"""Most reactions of a readable map."""

MOST_SHARED = 6
"""Give reactions (growth) with more main metabolites copies of them, so that their lines do not cross the map."""

LETTER, ASPECT = 0.3, 0.62
"""Height of a letter, and its mean width relative to the height."""

STEP, ARROW = 5.0 * LETTER, 2.5 * LETTER
"""Length of an edge of the graph, and least room between the labels that it joins."""

SHAPE = 1.5
"""Preferred width of the map over its height."""


class _Node(NamedTuple):
    """A node of the graph; `copy` is the reaction that owns this copy of a metabolite, or -1."""

    reaction: bool
    number: int
    copy: int = -1


def subsystems(network: NetworkLike) -> dict[str, int]:
    """Count the reactions of every subsystem; skip reactions without one."""
    network = as_network(network)
    counts: dict[str, int] = {}
    for reaction in network.reaction_table:
        if reaction.subsystem:
            counts[reaction.subsystem] = counts.get(reaction.subsystem, 0) + 1
    return counts


def layout_network(
    network: NetworkLike, subsystem: str | None = None, reactions: Collection[str] | None = None
) -> ReactionMap:
    """Lay out a network or one of its subsystems in the plane; the result is deterministic.

    Metabolites and reactions are the nodes of one graph; distances on the map follow distances in the graph, and
    connected parts stand side by side. Carriers (ATP, water, NADH: see `find_carriers`) are left out of reactions that
    have other metabolites. Growth, with more than six main metabolites, is drawn separately with copies of them.

    Args:
        network: The network.
        subsystem: A subsystem of the network; all of it by default.
        reactions: Reactions to show, such as those that carry flux; all by default.

    Raises:
        NetworkError: The network has no such subsystem or reaction.
        InputError: There are more reactions than a map can show.

    >>> from metagnn.network import load_network
    >>> drawing = layout_network(load_network("iJO1366"), "Citric Acid Cycle")
    >>> len(drawing.reactions), drawing.left_out[:4]
    (14, ('adp_c', 'atp_c', 'co2_c', 'coa_c'))
    """
    network = as_network(network)
    columns = _choose(network, subsystem, reactions)
    chosen = main_metabolites(network, columns)
    graph = _connect(columns, chosen)
    places = _place(network, graph)
    S = network.mass_balances().tocsc()
    metabolites, drawn, left_out = [], [], set()
    for node, place in places.items():
        if node.reaction:
            left_out |= set(_rows(S, node.number)) - {near.number for near in graph[node]}
            ends = [(network.metabolites[n.number], places[n], float(S[n.number, node.number])) for n in graph[node]]
            drawn.append(_draw(network.reactions[node.number], place, ends))
        else:
            position = (float(place[0]), float(place[1]))
            metabolites.append(MapMetabolite(network.metabolites[node.number], position, position))
    return ReactionMap(
        name=f"{network.id}: {subsystem}" if subsystem else network.id,
        metabolites=tuple(metabolites),
        reactions=tuple(drawn),
        letter=LETTER,
        left_out=tuple(sorted(network.metabolites[row] for row in left_out)),
    )


def _rows(S: scipy.sparse.csc_array, column: int) -> list[int]:
    rows: list[int] = S.indices[S.indptr[column] : S.indptr[column + 1]].tolist()
    return rows


def _choose(network: MetabolicNetwork, subsystem: str | None, reactions: Collection[str] | None) -> list[int]:
    known = subsystems(network)
    if subsystem is not None and subsystem not in known:
        if not known:
            raise NetworkError(f"{network.id} has no subsystems; omit `subsystem`")
        raise NetworkError(unknown_name(subsystem, known, f"subsystem of {network.id}"))
    wanted = None if reactions is None else {network.reaction_index(name) for name in reactions}
    columns = [
        column
        for column, reaction in enumerate(network.reaction_table)
        if reaction.is_own
        and (subsystem is None or reaction.subsystem == subsystem)
        and (wanted is None or column in wanted)
    ]
    if len(columns) > MOST_REACTIONS:
        where = f"{subsystem!r} of {network.id}" if subsystem else network.id
        raise InputError(
            f"{where} has {len(columns)} reactions to show; expected at most {MOST_REACTIONS}: choose a subsystem "
            "or reactions that carry flux"
        )
    return columns


def _connect(columns: Sequence[int], chosen: Sequence[Sequence[int]]) -> networkx.Graph:
    graph = networkx.Graph()
    for column, rows in zip(columns, chosen, strict=True):
        graph.add_node(_Node(True, column))
        copy = column if len(rows) > MOST_SHARED else -1
        graph.add_edges_from((_Node(True, column), _Node(False, row, copy)) for row in rows)
    return graph


def _label(network: MetabolicNetwork, node: _Node) -> str:
    return network.reactions[node.number] if node.reaction else network.metabolites[node.number]


def _place(network: MetabolicNetwork, graph: networkx.Graph) -> dict[_Node, np.ndarray]:
    """Lay out every connected part with its labels apart, then put the parts side by side."""
    parts = [graph.subgraph(nodes) for nodes in networkx.connected_components(graph)]
    laid, extents = [], []
    for part in parts:
        sizes = np.array([[(len(_label(network, node)) + 1) * ASPECT, 1.6] for node in part]) * LETTER
        reach = (sizes[:, None] + sizes[None]) / 2
        # Leave room for an arrow between the labels.
        reach += ARROW * networkx.to_numpy_array(part)[:, :, None]
        own = separate(_orient(network, part, STEP * spread_nodes(part)), reach)
        low, high = (own - sizes / 2).min(axis=0), (own + sizes / 2).max(axis=0)
        laid.append(own - low)
        extents.append(high - low + 2 * LETTER)
    corners = pack(np.array(extents).reshape(-1, 2), SHAPE)
    places: dict[_Node, np.ndarray] = {}
    for part, own, corner in zip(parts, laid, corners, strict=True):
        places |= dict(zip(part, own + corner, strict=True))
    # Sort in the network's order.
    return {node: places[node] for node in sorted(places)}


def spread_nodes(graph: networkx.Graph) -> np.ndarray:
    """Place nodes so that distances follow those in the graph (Kamada and Kawai 1989, 10.1016/0020-0190(89)90102-6).

    Pathways become chains and cycles become rings. Deterministic: starts from a circle. Costs O(nodes²) per iteration;
    400 nodes take two seconds.

    Args:
        graph: A connected graph.

    Returns:
        Shape `[nodes, 2]`, in the graph's order; the longer side lies along x, and neighbours are 1 apart on average.
    """
    if len(graph) == 1:
        return np.zeros((1, 2))
    at = networkx.kamada_kawai_layout(graph)
    places = np.array([at[node] for node in graph])
    edges = [float(np.linalg.norm(at[one] - at[other])) for one, other in graph.edges]
    centred = places - places.mean(axis=0)
    _, _, axes = np.linalg.svd(centred, full_matrices=False)
    turned: np.ndarray = centred @ axes.T / np.mean(edges)
    return turned


def _orient(network: MetabolicNetwork, part: networkx.Graph, places: np.ndarray) -> np.ndarray:
    """Flip the axes so that irreversible reactions run right and down."""
    S = network.stoichiometry.to_scipy()
    lower, upper, exchanges = network.bounds.lower, network.bounds.upper, frozenset(network.exchanges)
    at = dict(zip(part, places, strict=True))
    flow = np.zeros(2)
    for reaction, metabolite in part.edges:
        if metabolite.reaction:
            reaction, metabolite = metabolite, reaction
        if network.reactions[reaction.number] in exchanges:
            continue
        runs = float(lower[reaction.number] >= 0) - float(upper[reaction.number] <= 0)
        makes = np.sign(S[metabolite.number, reaction.number])
        flow += runs * makes * (at[metabolite] - at[reaction])
    flipped: np.ndarray = places * np.where(flow * [1.0, -1.0] < 0, -1.0, 1.0)
    return flipped


def _draw(name: str, centre: np.ndarray, ends: Sequence[tuple[str, np.ndarray, float]]) -> MapReaction:
    """Draw curves from a reaction to its metabolites that meet smoothly in its middle.

    Args:
        name: The reaction.
        centre: Its place.
        ends: Identifier, place and coefficient of its metabolites.
    """
    along = sum((np.sign(value) * _unit(place - centre) for _, place, value in ends), np.zeros(2))
    # If one side is empty, matter enters or leaves at the reaction's own end.
    open_end = len({value > 0 for _, _, value in ends}) == 1
    segments = []
    for metabolite, place, value in ends:
        reach = float(np.linalg.norm(place - centre)) / 3
        near = centre + np.sign(value) * reach * _unit(along)
        curve = cut_end(np.array([centre, near, place + (centre - place) / 3, place]), _label_box(metabolite, place))
        sign = 1 if value > 0 else -1
        if open_end:
            curve = cut_start(curve, _label_box(name, centre))
        segments.append(MapSegment(curve, start=-sign if open_end else 0, end=sign))
    return MapReaction(name, (float(centre[0]), float(centre[1])), tuple(segments))


def _label_box(name: str, place: np.ndarray) -> Inside:
    half = np.array([(len(name) + 0.6) * ASPECT, 1.4]) * LETTER / 2
    return lambda point: bool((np.abs(point - place) < half).all())


def _unit(vector: np.ndarray) -> np.ndarray:
    length = float(np.linalg.norm(vector))
    unit: np.ndarray = vector / length if length > 1e-9 else np.zeros(2)
    return unit
