"""Advise in words what to measure next, and why."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from metagnn.analysis.identifiability.smallest_sets import SmallestSets
from metagnn.analysis.identifiability.steady_state_tangent import ALPHA, BETA, GROWTH, REDUCTION, SteadyStateTangent
from metagnn.network.exchange_search import CO2, OXYGEN, PROTON, WATER, exchanged_formulas

PARALLEL = 1 - 1e-10
"""Cosine above which two quantities move together."""

MOST_NAMED = 4
MOST_SETS = 3

IN_WORDS = {
    REDUCTION: "give a degree of reduction of biomass",
    ALPHA: "measure the carbon content of biomass",
    BETA: "measure the nitrogen content of biomass",
}


class MeasurementAdvice:
    """Explain why a quantity is not determined, and name what would determine it.

    Args:
        tangent: The directions at steady state.
        rest: The undetermined part of every quantity, as `SteadyStateTangent.after` returns it.
        known: Positions of what is known.
    """

    def __init__(self, tangent: SteadyStateTangent, rest: np.ndarray, known: Collection[int]) -> None:
        self._tangent, self._rest = tangent, rest
        excluded = set(known)
        size = np.linalg.norm(rest, axis=1)
        self._unit = rest / np.where(size > 0, size, 1.0)[:, None]
        self._candidates = [i for i in _measurable(tangent) if i not in excluded and size[i] > 0]
        self._sets = SmallestSets(rest[self._candidates])
        readouts = [tangent.index(name) for name in tangent.readouts]
        self._partners = np.array(
            [i for i in dict.fromkeys([*readouts, *self._candidates]) if self._name(i) != REDUCTION]
        )

    def give(self, name: str) -> tuple[str, tuple[tuple[str, ...], ...]]:
        """Give the reason in words, and the sets of measurements that would determine the quantity."""
        index = self._tangent.index(name)
        cosines = np.abs(self._unit[self._partners] @ self._unit[index])
        partners = [self._name(i) for i in self._partners[cosines > PARALLEL].tolist() if i != index]
        most = MOST_SETS + 1 if index in self._candidates else MOST_SETS
        found = [
            tuple(self._candidates[i] for i in members) for members in self._sets.find_sets(self._rest[index], most)
        ]
        if index in self._candidates:
            # Measuring the quantity itself always works; name it last.
            found = [*[members for members in found if members != (index,)][: MOST_SETS - 1], (index,)]
        sets = [tuple(map(self._name, members)) for members in found]
        trade = f"can trade against {_list(partners)}" if partners else "moves with what is not measured"
        advice = ", or ".join(map(_in_words, sets)) or "no rate that could be measured determines it"
        return f"{name} {trade}: {advice}", tuple(sets)

    def _name(self, index: int) -> str:
        return GROWTH if index == self._tangent.short_names[GROWTH] else self._tangent.names[index]


def _measurable(tangent: SteadyStateTangent) -> list[int]:
    """Measurable quantities: gases first, then growth, nutrients, products, biomass, water and protons."""
    network = tangent.network
    medium = network.medium()
    ranks = {tangent.index(GROWTH): 1.0}
    ranks |= {tangent.index(name): 4.0 for name in (REDUCTION, ALPHA, BETA) if name in tangent.names}
    for name, elements in exchanged_formulas(network).items():
        index = network.reaction_index(name)
        usual = 2.0 if name in medium else 3.0
        ranks[index] = 0.0 if elements in (OXYGEN, CO2) else 5.0 if elements in (WATER, PROTON) else usual
    return sorted(ranks, key=lambda index: ranks[index])


def _list(names: Sequence[str]) -> str:
    return ", ".join(names[:MOST_NAMED]) + (f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else "")


def _in_words(names: Sequence[str]) -> str:
    rates = [name for name in names if name not in IN_WORDS]
    measured = [f"measure {' and '.join(rates)}"] if rates else []
    return " and ".join([*measured, *(IN_WORDS[name] for name in names if name in IN_WORDS)])
