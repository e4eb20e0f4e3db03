"""Find the medium on which a cell grows fastest for a given budget."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import scipy.sparse

from metagnn._html import html_table
from metagnn.errors import InputError
from metagnn.network.medium import check_exchanges
from metagnn.network.metabolic_network import MetabolicNetwork
from metagnn.network.network_like import NetworkLike, as_network
from metagnn.network.vocabulary.named_exchanges import resolved
from metagnn.optimize.linear_program import OPTIMAL, LinearProgram

LARGEST_UPTAKE = 1000.0
"""Largest uptake of a priced nutrient without a limit of its own [mmol/gDW/h]."""

KEPT = 1e-9
"""Fraction of growth that may be given up for a cheaper medium: the tolerance of the solver."""

AGREES = 1e-6
"""Largest difference between growth by the plan and by flux balance analysis, relative to 1 + growth."""


@dataclass(frozen=True)
class SuggestedMedium:
    """A medium, the growth on it, and its cost.

    Attributes:
        uptakes: Largest uptake of every priced nutrient that is bought [mmol/gDW/h].
        growth: Growth on it, by flux balance analysis [1/h].
        cost: Its cost, in the unit of prices times mmol/gDW/h.
        growth_per_cost: Growth that one more unit of budget would add; zero where the budget does not limit.
    """

    uptakes: dict[str, float]
    growth: float
    cost: float
    growth_per_cost: float

    def __repr__(self) -> str:
        bought = ", ".join(f"{name} {uptake:.4g}" for name, uptake in self.uptakes.items())
        return f"SuggestedMedium({bought or 'nothing bought'}: growth {self.growth:.4g} 1/h for {self.cost:.4g})"

    def _repr_html_(self) -> str:
        rows: list[tuple[str, str]] = [(f"{name} [mmol/gDW/h]", f"{up:.4g}") for name, up in self.uptakes.items()]
        rows += [("growth [1/h]", f"{self.growth:.4g}"), ("cost", f"{self.cost:.4g}")]
        return html_table("SuggestedMedium", [*rows, ("growth per cost", f"{self.growth_per_cost:.4g}")])


def suggest_medium(
    network: NetworkLike,
    budget: float,
    prices: Mapping[str, float],
    limits: Mapping[str, float] | None = None,
) -> SuggestedMedium:
    r"""Find the cheapest medium of largest growth whose nutrients cost no more than a budget.

    A linear program with the uptakes as variables: $\max \mu$ subject to $S v = 0$, the bounds, and
    $\sum_i p_i \max(0, -v_i) \le b$. Flux balance analysis on its medium must then find the same growth.

    Args:
        network: The network; exchanges without a price keep its bounds.
        budget: Largest cost, in the unit of prices times mmol/gDW/h.
        prices: Price of every nutrient that may be bought [1/mmol], by exchange or substance.
        limits: Largest uptake of some of them [mmol/gDW/h].

    Raises:
        InputError: A budget, price or limit that is negative or not finite, no prices, a limit without a price, growth
            without end, no flux within the bounds at any medium, or a flux balance that does not confirm the growth.
        TableError: A name that is no exchange.

    >>> from metagnn.network import load_network
    >>> core = load_network("e_coli_core").with_medium(
    ...     {"EX_o2_e": 1000, "EX_nh4_e": 1000, "EX_pi_e": 1000, "EX_h2o_e": 1000, "EX_h_e": 1000, "EX_co2_e": 1000}
    ... )
    >>> found = suggest_medium(core, budget=10.0, prices={"EX_glc__D_e": 1.0, "EX_ac_e": 0.3})
    >>> {name: round(uptake, 3) for name, uptake in found.uptakes.items()}, round(found.growth, 3)
    ({'EX_glc__D_e': 10.0}, 0.874)
    """
    network = as_network(network)
    prices, limits = _by_exchange(network, prices), _by_exchange(network, limits or {})
    _check(budget, prices, limits)
    plan = _Plan(network, prices, limits)
    growth, per_cost = plan.most_growth(budget)
    uptakes = plan.cheapest(growth, budget)
    cost = float(sum(prices[name] * uptake for name, uptake in uptakes.items()))
    confirmed = _growth_by_fba(network, prices, uptakes)
    if not abs(confirmed - growth) <= AGREES * (1.0 + growth):
        raise InputError(
            f"flux balance analysis finds a growth of {confirmed:g} on the suggested medium, not {growth:g}; "
            "the network's bounds may be too wide for the solver's tolerance"
        )
    return SuggestedMedium(uptakes, confirmed, cost, per_cost)


def _by_exchange(network: MetabolicNetwork, numbers: Mapping[str, float]) -> dict[str, float]:
    names = resolved(network, list(numbers))
    check_exchanges(names, network.require_exchanges(), network.reactions, network.id)
    return dict(zip(names, numbers.values(), strict=True))


def _check(budget: float, prices: Mapping[str, float], limits: Mapping[str, float]) -> None:
    if not 0 <= budget < np.inf:
        raise InputError(f"`budget` is {budget}; expected a finite number ≥ 0")
    if not prices:
        raise InputError("`prices` is empty; expected a price for at least one exchange, such as {'EX_glc__D_e': 1.0}")
    for argument, numbers in (("prices", prices), ("limits", limits)):
        for name, value in numbers.items():
            if not 0 <= value < np.inf:
                raise InputError(f"`{argument}[{name!r}]` is {value}; expected a finite number ≥ 0")
    for name in limits:
        if name not in prices:
            raise InputError(f"`limits` names {name!r}, which has no price; expected one of {', '.join(prices)}")


class _Plan:
    """The linear program over fluxes and uptakes u: u ≥ 0, u ≥ net uptake, price · u ≤ budget."""

    def __init__(self, network: MetabolicNetwork, prices: Mapping[str, float], limits: Mapping[str, float]) -> None:
        self._names = list(prices)
        self._prices = np.array([prices[name] for name in self._names])
        self._width, count = len(network.reactions), len(self._names)
        self._growth = network.reaction_index(network.growth_reaction)
        positions = [network.reaction_index(name) for name in self._names]
        forward = dict(zip(network.exchange_indices.tolist(), network.imports_forward.tolist(), strict=True))
        inward = np.array([1.0 if forward[index] else -1.0 for index in positions])
        pick = scipy.sparse.csr_array((inward, (np.arange(count), positions)), shape=(count, self._width))
        # u − uptake ≥ 0, and the cost as a row of its own, whose dual is the growth per unit of budget.
        self._matrix = scipy.sparse.block_array(
            [
                [network.stoichiometry.to_scipy(), None],
                [-pick, scipy.sparse.eye_array(count)],
                [None, scipy.sparse.csr_array(self._prices[None, :])],
            ]
        )
        most = np.array([limits.get(name, LARGEST_UPTAKE) for name in self._names])
        lower, upper = network.uptake_bounds(self._names, most[None, :])
        self._lower = np.concatenate([lower[0], np.zeros(count)])
        self._upper = np.concatenate([upper[0], most])
        self._balances = network.stoichiometry.shape[0]

    def most_growth(self, budget: float) -> tuple[float, float]:
        """The largest growth, and the growth that one more unit of budget adds."""
        objective = np.zeros(self._matrix.shape[1])
        objective[self._growth] = 1.0
        program = self._program(objective, "max", budget)
        solution = program.solve(self._lower, self._upper)
        if solution.status != OPTIMAL:
            raise InputError(
                f"no medium within the budget of {budget:g} keeps the network's bounds ({solution.status})"
            )
        return float(solution.objective), max(float(program.shadow_prices()[-1]), 0.0)

    def cheapest(self, growth: float, budget: float) -> dict[str, float]:
        """Uptakes of the cheapest medium with a growth."""
        program = self._program(np.concatenate([np.zeros(self._width), self._prices]), "min", budget)
        lower = self._lower.copy()
        lower[self._growth] = max(lower[self._growth], growth - KEPT * (1.0 + abs(growth)))
        solution = program.solve(lower, self._upper)
        if solution.status != OPTIMAL:
            raise InputError(f"the cheapest medium was not found ({solution.status})")
        bought = solution.values[self._width :]
        return {name: float(uptake) for name, uptake in zip(self._names, bought, strict=True) if uptake > KEPT}

    def _program(self, objective: np.ndarray, sense: str, budget: float) -> LinearProgram:
        least = np.concatenate([np.zeros(self._balances + len(self._names)), [-np.inf]])
        most = np.concatenate([np.zeros(self._balances), np.full(len(self._names), np.inf), [budget]])
        return LinearProgram(self._matrix, objective, sense, least, most)


def _growth_by_fba(network: MetabolicNetwork, prices: Mapping[str, float], uptakes: Mapping[str, float]) -> float:
    """Growth on the medium by a program without prices."""
    values = np.array([[uptakes.get(name, 0.0) for name in prices]])
    lower, upper = network.uptake_bounds(list(prices), values)
    objective = np.zeros(len(network.reactions))
    objective[network.reaction_index(network.growth_reaction)] = 1.0
    return LinearProgram(network.stoichiometry.to_scipy(), objective).solve(lower[0], upper[0]).objective
