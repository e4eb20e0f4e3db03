"""Pseudo-metabolites of biomass: what only growth makes, and the reactions that growth forces."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import scipy.sparse

from metagnn.network.elements import Metabolite

_BIOMASS = re.compile(r"biomass|cpd11416", re.IGNORECASE)


def biomass_products(
    matrix: scipy.sparse.csc_array, metabolites: Sequence[Metabolite], growth: int
) -> tuple[np.ndarray, np.ndarray]:
    """Find metabolites that stand for biomass: growth makes them, and they only leave the system.

    Biomass is counted where growth makes it, so that they hold nothing.

    Args:
        matrix: S, sparse, shape `[metabolites, reactions]`.
        metabolites: The metabolites.
        growth: Position of the growth reaction.

    Returns:
        Positions of the metabolites, and of reactions other than growth that make one of something else.
    """
    by_row = scipy.sparse.csr_array(matrix)
    products, makers = [], []
    column = matrix[:, [growth]].tocoo()
    for start, amount in zip(column.row.tolist(), column.data.tolist(), strict=True):
        if amount > 0 and len(column.data) > 1:
            members, made_by = _leaving(matrix, by_row, metabolites, start, growth)
            products.extend(members)
            makers.extend(made_by)
    return np.unique(np.array(products, dtype=np.int64)), np.unique(np.array(makers, dtype=np.int64))


def _leaving(
    matrix: scipy.sparse.csc_array,
    by_row: scipy.sparse.csr_array,
    metabolites: Sequence[Metabolite],
    start: int,
    growth: int,
) -> tuple[list[int], list[int]]:
    """Follow a product of growth through transport to the border; nothing if it takes part in anything else."""
    members, makers, todo = {start}, [], [start]
    named = _is_named(metabolites[start])
    if not _may_be_biomass(metabolites[start]):
        return [], []
    while todo:
        metabolite = todo.pop()
        for reaction, amount in _entries(by_row, metabolite):
            others = [(m, a) for m, a in _entries(matrix, reaction) if m != metabolite]
            if reaction == growth or not others:
                continue
            if len(others) == 1 and others[0][1] * amount < 0 and _may_be_biomass(metabolites[others[0][0]]):
                if others[0][0] not in members:
                    members.add(others[0][0])
                    todo.append(others[0][0])
            elif named and amount > 0:
                makers.append(reaction)
            else:
                return [], []
    return sorted(members), makers


def sourced_tokens(
    matrix: scipy.sparse.csc_array, metabolites: Sequence[Metabolite], growth: int, inside: np.ndarray
) -> np.ndarray:
    """Find metabolites without a formula that only growth and one sink or demand inside the cell touch.

    Models count events with them, such as a replication of DNA. Their flux follows growth, so that they hold nothing.

    Args:
        matrix: S, sparse, shape `[metabolites, reactions]`.
        metabolites: The metabolites.
        growth: Position of the growth reaction.
        inside: Sinks and demands, boolean, shape `[reactions]`.
    """
    by_row = scipy.sparse.csr_array(matrix)
    found = []
    for metabolite in matrix[:, [growth]].tocoo().row.tolist():
        touching = [reaction for reaction, _ in _entries(by_row, metabolite) if reaction != growth]
        if not metabolites[metabolite].complete and len(touching) == 1 and inside[touching[0]]:
            found.append(metabolite)
    return np.array(found, dtype=np.int64)


def enzymes(metabolites: Sequence[Metabolite]) -> np.ndarray:
    """Find the enzymes of models with enzyme budgets, positions; reactions use their capacity and no matter of them.

    By their ids, `prot_…` (GECKO: Sánchez et al. 2017, doi 10.15252/msb.20167411), where they have no formula.
    """
    found = [i for i, m in enumerate(metabolites) if m.id.startswith("prot_") and not m.complete]
    return np.array(found, dtype=np.int64)


def lumped_growth(
    matrix: scipy.sparse.csc_array, metabolites: Sequence[Metabolite], growth: int, closed: np.ndarray
) -> np.ndarray:
    """Add to the growth column the reactions that growth forces: those that alone make a pseudo-metabolite for it.

    Protein, lipid or biomass itself, which have no formula, give way to what they are made of. A growth reaction of
    one metabolite gives way to the reaction that makes it.

    Args:
        matrix: S, sparse, shape `[metabolites, reactions]`.
        metabolites: The metabolites.
        growth: Position of the growth reaction.
        closed: Reactions that are closed, boolean, shape `[reactions]`.

    Returns:
        The lumped column, shape `[metabolites]`; the growth column itself if it holds no such pseudo-metabolite.
    """
    by_row = scipy.sparse.csr_array(matrix)
    column: np.ndarray = matrix[:, [growth]].toarray()[:, 0]
    alone, lumped = np.count_nonzero(column) == 1, {growth}
    todo = np.flatnonzero(column).tolist()
    while todo:
        metabolite = todo.pop()
        if not column[metabolite] or (metabolites[metabolite].complete and not alone):
            continue
        others = [(r, a) for r, a in _entries(by_row, metabolite) if r not in lumped and not closed[r]]
        # A sink or demand ends the chain.
        if len(others) != 1 or len(_entries(matrix, others[0][0])) < 2:
            continue
        reaction, amount = others[0]
        before = column.copy()
        column -= column[metabolite] / amount * matrix[:, [reaction]].toarray()[:, 0]
        column[np.abs(column) <= 1e-12 * np.abs(before)] = 0.0
        column[metabolite] = 0.0
        lumped.add(reaction)
        alone = False
        todo = np.flatnonzero(column).tolist()
    return column


def _may_be_biomass(metabolite: Metabolite) -> bool:
    return not metabolite.complete or _is_named(metabolite)


def _is_named(metabolite: Metabolite) -> bool:
    return _BIOMASS.search(f"{metabolite.id} {metabolite.name}") is not None


def _entries(matrix: scipy.sparse.csr_array | scipy.sparse.csc_array, line: int) -> list[tuple[int, float]]:
    """Return position and value of every non-zero of a row (CSR) or column (CSC)."""
    part = slice(matrix.indptr[line], matrix.indptr[line + 1])
    return list(zip(matrix.indices[part].tolist(), matrix.data[part].tolist(), strict=True))
