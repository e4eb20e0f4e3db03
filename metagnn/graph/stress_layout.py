"""Places for the nodes of a graph: as far apart as the graph is, and no label on another."""

from __future__ import annotations

import networkx
import numpy as np

ITERATIONS = 200
SEPARATIONS = 300

SETTLED = 1e-3
"""Movement below which the places are final, in lengths of an edge."""

GOLDEN_ANGLE = np.pi * (3 - np.sqrt(5))


def stress_layout(graph: networkx.Graph) -> np.ndarray:
    """Places whose distances come as close as they can to the distances in the graph, by stress majorization.

    Pathways become chains and cycles become rings, which layers from source to sink do not show. Deterministic: the
    better of two starts, classical scaling and a circle. Costs O(nodes²) per iteration; 300 nodes take a second.

    Borrowed from Gansner, Koren and North 2004, doi 10.1007/978-3-540-31843-9_25.

    Args:
        graph: A connected graph.

    Returns:
        Shape `[nodes, 2]`, in the graph's order; the longer way lies along x, and neighbours are about 1 apart.
    """
    size = len(graph)
    if size == 1:
        return np.zeros((1, 2))
    order = {node: position for position, node in enumerate(graph)}
    distance = np.zeros((size, size))
    for source, lengths in networkx.all_pairs_shortest_path_length(graph):
        for target, length in lengths.items():
            distance[order[source], order[target]] = length
    apart = ~np.eye(size, dtype=bool)
    weight = np.zeros_like(distance)
    weight[apart] = distance[apart] ** -2
    starts = (_classical_scaling(distance), _circle(size) * distance.max() / 2)
    found = [_majorize(start, distance, weight) for start in starts]
    return _turn(min(found, key=lambda places: _stress(places, distance, weight)))


def _majorize(places: np.ndarray, distance: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Lower the stress, which no iteration raises, until the places have settled."""
    inverse = np.linalg.pinv(np.diag(weight.sum(axis=1)) - weight)
    for _ in range(ITERATIONS):
        now = np.linalg.norm(places[:, None] - places[None], axis=-1)
        pull = np.zeros_like(distance)
        np.divide(weight * distance, now, out=pull, where=now > 0)
        before, places = places, inverse @ ((np.diag(pull.sum(axis=1)) - pull) @ places)
        if np.abs(places - before).max() < SETTLED:
            break
    return places


def _stress(places: np.ndarray, distance: np.ndarray, weight: np.ndarray) -> float:
    now = np.linalg.norm(places[:, None] - places[None], axis=-1)
    return float((weight * (now - distance) ** 2).sum())


def _circle(size: int) -> np.ndarray:
    angle = 2 * np.pi * np.arange(size) / size
    return np.stack([np.cos(angle), np.sin(angle)], axis=1)


def _classical_scaling(distance: np.ndarray) -> np.ndarray:
    squared = distance**2
    centred = -(squared - squared.mean(axis=0) - squared.mean(axis=1)[:, None] + squared.mean()) / 2
    values, vectors = np.linalg.eigh(centred)
    places = vectors[:, -2:] * np.sqrt(np.clip(values[-2:], 0.0, None))
    # Leaves of one node have the same distances and would stay on one spot; a sunflower's seeds never coincide.
    seeds = np.arange(len(distance))
    angle = GOLDEN_ANGLE * seeds
    spread: np.ndarray = places + 0.1 * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return spread


def _turn(places: np.ndarray) -> np.ndarray:
    """Centred, with the longer way along x."""
    centred = places - places.mean(axis=0)
    _, _, axes = np.linalg.svd(centred, full_matrices=False)
    turned: np.ndarray = centred @ axes.T
    return turned


def separate(places: np.ndarray, reach: np.ndarray) -> np.ndarray:
    """Push boxes apart until none lies on another, each pair by half the overlap, along its smaller side.

    Args:
        places: Centres, shape `[boxes, 2]`.
        reach: How far apart the centres of two boxes must be in x or in y, shape `[boxes, boxes, 2]`.

    Returns:
        Centres; after many crowded boxes some overlap may be left.
    """
    places = places.copy()
    order = np.sign(np.arange(len(places))[:, None] - np.arange(len(places))[None])
    for _ in range(SEPARATIONS):
        gap = places[:, None] - places[None]
        overlap = reach - np.abs(gap)
        hit = (overlap > 1e-9).all(axis=-1)
        np.fill_diagonal(hit, False)
        if not hit.any():
            break
        along_x = overlap[..., 0] < overlap[..., 1]
        push = np.where(np.stack([along_x, ~along_x], axis=-1) & hit[..., None], overlap, 0.0)
        # Boxes on one spot part in their order.
        side = np.where(gap == 0, order[..., None], np.sign(gap))
        # Half to each would do for a pair; a little more settles chains of boxes.
        places += 0.55 * (push * side).sum(axis=1)
    return places


def pack(sizes: np.ndarray, shape: float) -> np.ndarray:
    """Lower left corners of boxes in rows, the largest first, about `shape` times as wide as high.

    Args:
        sizes: Widths and heights, shape `[boxes, 2]`.
        shape: Width over height.
    """
    width = max(float(sizes[:, 0].max(initial=0.0)), float(np.sqrt(shape * sizes.prod(axis=1).sum())))
    corners = np.zeros_like(sizes)
    x = y = height = 0.0
    for box in np.argsort(-sizes.prod(axis=1), kind="stable"):
        if x > 0 and x + sizes[box, 0] > width * (1 + 1e-9):
            x, y, height = 0.0, y - height, 0.0
        corners[box] = x, y
        x, height = x + sizes[box, 0], max(height, float(sizes[box, 1]))
    # Rows hang from their tops.
    corners[:, 1] -= sizes[:, 1]
    return corners
