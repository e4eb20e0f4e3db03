"""Intervals of fluxes and contents within the bounds of a network, with some of them held."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import scipy.sparse

from metagnn.analysis.identifiability.steady_state_tangent import ALPHA, BETA, REDUCTION, SteadyStateTangent
from metagnn.errors import InputError
from metagnn.fba.flux_variability import AT_BOUND, flux_ranges
from metagnn.network.metabolic_network import MetabolicNetwork
from metagnn.network.reduction import reduce_network
from metagnn.optimize.linear_program import OPTIMAL, LinearProgram

PURE = {ALPHA: 1000.0 / 12.011, BETA: 1000.0 / 14.007}
"""Largest possible contents [mmol/gDW]: those of pure carbon and pure nitrogen."""

VERTICES = 12
"""Number of random optima whose mean is a typical flux, inside the polytope."""

SLACK = 1e-7
"""Half width of the window in which a measured flux is held, relative to 1 + |v|: redundant measurements
need room to agree."""

NARROWER = 1e-4
"""Distance from its bound, relative to 1 + |bound|, from which the end of an interval counts as narrower."""

WIDEST = 1000.0
NO_BOUND = 999.0
"""Size from which a bound counts as none: models write 1000 for unlimited [mmol/gDW/h]."""


class SteadyStateRanges:
    r"""Find smallest and largest values at steady state and within bounds, with known quantities held at a reference.

    With an unknown composition, growth times the change of its parameters is a variable of its own. Steady state,
    $S v + \partial s\,d = 0$, is then linear, and the intervals are exact, not linearised.

    Args:
        tangent: The directions at steady state.
        known: Positions of what is measured.
        reference: Flux at steady state, shape `[reactions]` [mmol/gDW/h]; by default the mean of random optima.
        seed: Seed of the random optima.

    Raises:
        InputError: The reference has another shape, is off steady state or outside the bounds; or no flux is within
            the bounds.
    """

    def __init__(
        self, tangent: SteadyStateTangent, known: Sequence[int], reference: np.ndarray | None = None, seed: int = 0
    ) -> None:
        network = tangent.network
        self._tangent, self._known = tangent, set(known)
        self._reactions, self._parameters = len(network.reactions), tangent.column_moves.shape[1]
        self._growth = tangent.index("growth")
        self.reference = _checked(network, reference) if reference is not None else typical_flux(network, seed)
        # Keep wide bounds: without them, the simplex takes a hundred times as long.
        lower, upper = np.maximum(network.bounds.lower, -WIDEST), np.minimum(network.bounds.upper, WIDEST)
        further = network.further_constraints.columns
        lower[further], upper[further] = network.bounds.lower[further], network.bounds.upper[further]
        unbounded = np.full(self._parameters, np.inf)
        self._lower = np.concatenate([lower, -unbounded])
        self._upper = np.concatenate([upper, unbounded])
        held = np.array([index for index in known if index < self._reactions], dtype=np.int64)
        window = SLACK * (1.0 + np.abs(self.reference[held]))
        self._lower[held] = self.reference[held] - window
        self._upper[held] = self.reference[held] + window
        self._reduced: _Reduced | None = None

    def value(self, index: int) -> float:
        """Value at the reference: a flux, or a content of the network's own biomass."""
        if index < self._reactions:
            return float(self.reference[index])
        name, network = self._tangent.names[index], self._tangent.network
        if name == REDUCTION:
            return network.biomass_content("electrons") / network.biomass_content("C")
        return network.biomass_content("C" if name == ALPHA else "N")

    def find_ranges(self, indices: Sequence[int]) -> np.ndarray:
        """Find intervals, shape `[quantities, 2]`; contents are bounded only where growth is measured."""
        fluxes = [index for index in indices if index < self._reactions]
        intervals = {index: np.array(self._own_bounds(index)) for index in indices}
        if fluxes:
            found = self._problem().find_ranges(fluxes)
            found[found <= -NO_BOUND], found[found >= NO_BOUND] = -np.inf, np.inf
            intervals |= dict(zip(fluxes, found, strict=True))
        for index in indices:
            growth = self.reference[self._growth]
            if index >= self._reactions and self._growth in self._known and growth > SLACK:
                change = self._problem().find_range(self._reactions, self._moves(index) / growth)
                intervals[index] = np.clip(self.value(index) + change, *self._own_bounds(index))
        return np.array([intervals[index] for index in indices]).reshape(-1, 2)

    def bounded(self, index: int, lower: float, upper: float) -> bool:
        """Whether an interval is finite and narrower than the quantity's own bounds."""
        if not np.isfinite([lower, upper]).all():
            return False
        own_low, own_high = self._own_bounds(index)
        margin = NARROWER * (1.0 + min(abs(own_low), abs(own_high)))
        return bool(lower > own_low + margin or upper < own_high - margin)

    def _own_bounds(self, index: int) -> tuple[float, float]:
        if index < self._reactions:
            bounds = self._tangent.network.bounds
            return float(max(bounds.lower[index], -WIDEST)), float(min(bounds.upper[index], WIDEST))
        return 0.0, PURE.get(self._tangent.names[index], np.inf)

    def _moves(self, index: int) -> np.ndarray:
        """How a content moves with every parameter."""
        return self._tangent.rows[index, self._tangent.rows.shape[1] - self._parameters :]

    def _problem(self) -> _Reduced:
        """Balances, contents between nothing and all of biomass, and contents known to be the network's own."""
        if self._reduced is None:
            S = self._tangent.network.stoichiometry.to_scipy()
            matrix = scipy.sparse.hstack([S, self._tangent.column_moves])
            rows, least, most = self._content_limits(matrix.shape[1]) if self._parameters else ([], [], [])
            if rows:
                # A column of its own makes each limit a balance.
                slack = -scipy.sparse.eye_array(len(rows))
                matrix = scipy.sparse.block_array([[matrix, None], [np.array(rows), slack]])
            lower, upper = np.append(self._lower, least), np.append(self._upper, most)
            self._reduced = _Reduced(scipy.sparse.csc_array(matrix), lower, upper)
        return self._reduced

    def _content_limits(self, columns: int) -> tuple[list[np.ndarray], list[float], list[float]]:
        """Rows over fluxes and growth times change of the parameters, with their lower and upper limits."""
        rows: list[np.ndarray] = []
        least: list[float] = []
        most: list[float] = []
        for name in (ALPHA, BETA, REDUCTION):
            if name not in self._tangent.names:
                continue
            index = self._tangent.index(name)
            row = np.zeros(columns)
            row[self._reactions :] = self._moves(index)
            if index in self._known:
                rows, least, most = [*rows, row], [*least, 0.0], [*most, 0.0]
            elif name in PURE:
                above, below = row.copy(), row.copy()
                above[self._growth] = self.value(index)
                below[self._growth] = self.value(index) - PURE[name]
                rows, least, most = [*rows, above, below], [*least, 0.0, -np.inf], [*most, np.inf, 0.0]
        return rows, least, most


class _Reduced:
    """Ranges of columns in terms of the groups that move together: a third of the columns at genome scale."""

    def __init__(self, matrix: scipy.sparse.csc_array, lower: np.ndarray, upper: np.ndarray) -> None:
        self._coupled = reduce_network(matrix, lower, upper)
        self._bounds = self._coupled.group_bounds(lower, upper, AT_BOUND)
        self._program = LinearProgram(self._coupled.matrix, np.zeros(self._coupled.groups), primal=True)

    def find_ranges(self, columns: Sequence[int]) -> np.ndarray:
        """Ranges of some columns, shape `[columns, 2]`."""
        group, ratio = self._coupled.group[columns], self._coupled.ratio[columns]
        moving, position = np.unique(group[group >= 0], return_inverse=True)
        ranges = np.zeros((len(columns), 2))
        if len(moving):
            found = flux_ranges(self._program, *self._bounds, moving)
            ranges[group >= 0] = np.sort(found[position] * ratio[group >= 0, None], axis=1)
        return ranges

    def find_range(self, first: int, weights: np.ndarray) -> np.ndarray:
        """Range of a weighted sum of consecutive columns, shape `[2]`."""
        columns = np.arange(first, first + len(weights))
        group, ratio = self._coupled.group[columns], self._coupled.ratio[columns]
        row = np.zeros((1, self._coupled.groups))
        np.add.at(row[0], group[group >= 0], (weights * ratio)[group >= 0])
        return np.asarray(flux_ranges(self._program, *self._bounds, row)[0])


def typical_flux(network: MetabolicNetwork, seed: int = 0) -> np.ndarray:
    """A flux at steady state away from optima: the mean of the optima of random objectives and of growth.

    Args:
        network: The network.
        seed: Seed of the objectives.

    Returns:
        Shape `[reactions]` [mmol/gDW/h].

    Raises:
        InputError: No flux is within the bounds.
    """
    count, growth = len(network.reactions), network.reaction_index(network.growth_reaction)
    lower, upper = np.maximum(network.bounds.lower, -WIDEST), np.minimum(network.bounds.upper, WIDEST)
    coupled = reduce_network(network.stoichiometry.to_scipy(), lower, upper)
    program = LinearProgram(coupled.matrix, np.zeros(coupled.groups), primal=True)
    moves, bounds = coupled.moving, coupled.group_bounds(lower, upper)
    random = np.random.default_rng(seed)
    found = []
    for vertex in range(VERTICES):
        objective = np.zeros(count)
        # Every second optimum maximises growth, so that the mean grows.
        objective[network.outside_indices] = random.normal(size=len(network.outside_indices)) * (vertex % 2)
        objective[growth] += 1.0 - vertex % 2
        costs = np.bincount(coupled.group[moves], coupled.ratio[moves] * objective[moves], coupled.groups)
        solution = program.solve(*bounds, costs)
        if solution.status != OPTIMAL:
            raise InputError(f"no flux of {network.id} is at steady state and within its bounds ({solution.status})")
        found.append(coupled.expand(solution.values))
    return np.asarray(np.mean(found, axis=0))


def _checked(network: MetabolicNetwork, reference: np.ndarray) -> np.ndarray:
    values = np.asarray(reference, dtype=np.float64)
    if values.shape != (len(network.reactions),):
        raise InputError(f"`reference` has shape {values.shape}; expected ({len(network.reactions)},)")
    off = np.abs(network.stoichiometry.to_scipy() @ values).max(initial=0.0)
    outside = np.maximum(network.bounds.lower - values, values - network.bounds.upper).max(initial=0.0)
    if not max(off, outside) < 1e-6:
        raise InputError(
            f"`reference` misses steady state by {off:.1e} and bounds by {outside:.1e} mmol/gDW/h; "
            "expected at most 1e-6"
        )
    return values
