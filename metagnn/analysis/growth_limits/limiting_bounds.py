"""Rank the nutrients and reactions that limit growth."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
import pandas as pd

from metagnn.analysis.growth_limits.growth_duals import GrowthDuals, GrowthProgram
from metagnn.analysis.growth_limits.growth_gradients import GrowthGradients, growth_gradients
from metagnn.errors import InputError
from metagnn.fba.simulate import media_bounds
from metagnn.models.flux_model import AbstractFluxModel
from metagnn.network.metabolic_network import MetabolicNetwork
from metagnn.network.network_like import NetworkLike, as_network
from metagnn.optimize.linear_program import OPTIMAL

NUTRIENT, ABSENT, REACTION, CLOSED = "nutrient", "absent nutrient", "reaction", "closed reaction"
CONSTRAINT = "constraint"

SMALLEST = 1e-9
"""Reduced cost below which a bound does not limit [gDW/mmol]."""

DEGENERATE = 1e-6
"""Difference of gain and loss, relative to 1 + loss, from which the optimum counts as degenerate."""

COLUMNS = ("sample", "reaction", "kind", "bound", "growth", "gain", "loss", "elasticity", "degenerate")


def bottlenecks(
    network: NetworkLike, media: pd.DataFrame, model: AbstractFluxModel | None = None, most: int = 20
) -> pd.DataFrame:
    """Find the bounds that limit growth on every medium, and the growth that more of each would add.

    Bounds of zero that only fix the direction of a reaction are left out.

    Args:
        network: The network.
        media: One row a medium, as for `simulate_fluxes` [mmol/gDW/h].
        model: A trained model whose gradient to add as a column.
        most: Largest number of rows for each medium.

    Returns:
        One row a medium and bound, most limiting first: `sample` (index of the medium), `reaction`, `kind`
        ("nutrient", "absent nutrient", "reaction", "closed reaction", or "constraint" for one beyond the balances,
        under its own name), `bound` [mmol/gDW/h], `growth` [1/h], `gain` of
        growth by a unit more room and `loss` by a unit less [gDW/mmol], `elasticity` (gain in per cent of growth by
        one per cent of the bound), `degenerate` (gain and loss differ: the bound is one of several that hold at once),
        and `model_gradient`, where a model is given. Media without an optimum are counted in a warning.

    Raises:
        InputError: `most` below zero, or media that are no table.
        TableError: Media that cannot be used.

    >>> from metagnn.network import load_network
    >>> media = pd.DataFrame({"EX_glc__D_e": [10.0], "EX_o2_e": [15.0]})
    >>> bottlenecks(load_network("e_coli_core"), media, most=2)[["reaction", "gain"]].round(3).to_numpy().tolist()
    [['EX_glc__D_e', 0.046], ['EX_o2_e', 0.023]]
    """
    network = as_network(network)
    if most < 0:
        raise InputError(f"`most` is {most}; expected at least 0")
    lower, upper = media_bounds(network, media)
    gradients = growth_gradients(model, lower, upper) if model is not None else None
    program, parts, unsolved = GrowthProgram(network), [], 0
    for row, label in enumerate(media.index):
        duals = program.solve(lower[row], upper[row])
        if duals.status != OPTIMAL:
            unsolved += 1
            continue
        medium = _Medium(network, program, duals, lower[row], upper[row])
        parts.append(medium.table(label, most, gradients, row))
    if unsolved:
        warnings.warn(f"{unsolved} of {len(media)} media have no optimum and are left out", stacklevel=2)
    columns = [*COLUMNS, "model_gradient"] if gradients is not None else list(COLUMNS)
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)


def shadow_prices(network: NetworkLike, media: pd.DataFrame) -> pd.DataFrame:
    """Shadow price of every metabolite, d growth / d required net production, by medium, as cobra's [gDW/mmol].

    Args:
        network: The network.
        media: One row a medium, as for `simulate_fluxes`.
    """
    network = as_network(network)
    own = network.further_constraints.metabolites
    return _every_medium(network, media, "shadow_prices", network.metabolites, own)


def reduced_costs(network: NetworkLike, media: pd.DataFrame) -> pd.DataFrame:
    """Reduced cost of every flux, d growth / d bound that holds it, by medium [gDW/mmol]; negative at a lower bound.

    Args:
        network: The network.
        media: One row a medium, as for `simulate_fluxes`.
    """
    network = as_network(network)
    own = network.further_constraints.reactions
    return _every_medium(network, media, "reduced_costs", network.reactions, own)


def _every_medium(
    network: MetabolicNetwork, media: pd.DataFrame, name: str, columns: tuple[str, ...], own: np.ndarray
) -> pd.DataFrame:
    program = GrowthProgram(network)
    rows = [getattr(program.solve(low, high), name) for low, high in zip(*media_bounds(network, media), strict=True)]
    return pd.DataFrame(np.array(rows)[:, own], index=media.index, columns=[columns[place] for place in own])


@dataclass(frozen=True, eq=False)
class _Medium:
    """One medium at its optimum."""

    network: MetabolicNetwork
    program: GrowthProgram
    duals: GrowthDuals
    lower: np.ndarray
    upper: np.ndarray

    def table(self, label: object, most: int, gradients: GrowthGradients | None, row: int) -> pd.DataFrame:
        """One row for every limiting bound, most limiting first."""
        records = []
        for index, side, kind in self._limiting(most):
            bound = float((self.lower if side == "lower" else self.upper)[index]) + 0.0
            gain, loss = self.program.slopes(self.duals, self.lower, self.upper, index, side)
            growth = self.duals.growth
            elasticity = gain * abs(bound) / growth if growth > SMALLEST else np.nan
            differs = not loss - gain <= DEGENERATE * (1.0 + loss)
            record = [label, self._name(index), kind, bound, growth, gain, loss, elasticity, differs]
            if gradients is not None:
                outward = -gradients.lower[row, index] if side == "lower" else gradients.upper[row, index]
                record.append(float(outward))
            if max(gain, loss) > SMALLEST:
                records.append(record)
        columns = [*COLUMNS, "model_gradient"] if gradients is not None else list(COLUMNS)
        table = pd.DataFrame(records, columns=columns)
        ranked = table.sort_values(["elasticity", "gain", "loss"], ascending=False, kind="stable")
        return ranked.head(most)

    def _name(self, index: int) -> str:
        further = self.network.further_constraints
        rows = dict(zip(further.slacks.tolist(), further.slack_rows.tolist(), strict=True))
        return self.network.metabolites[rows[index]] if index in rows else self.network.reactions[index]

    def _limiting(self, most: int) -> list[tuple[int, str, str]]:
        """The nutrients, and the other bounds with the largest reduced costs: index, side and kind."""
        network, costs = self.network, self.duals.reduced_costs
        outside = frozenset(network.outside_indices.tolist())
        forward = zip(network.exchange_indices.tolist(), network.imports_forward.tolist(), strict=True)
        further = frozenset(network.further_constraints.columns.tolist())
        imports = {index: inward for index, inward in forward if index in outside}
        nutrients, others = [], []
        for index in np.argsort(-np.abs(costs), kind="stable").tolist():
            low, high = self.lower[index], self.upper[index]
            side, limits = "upper" if costs[index] > 0 else "lower", abs(costs[index]) > SMALLEST
            uptake = "upper" if imports.get(index) else "lower"
            if index in imports and (high if imports[index] else -low) > 0:
                # Even without a reduced cost: at a kink it may limit from one side only.
                nutrients.append((index, uptake, NUTRIENT))
            elif limits and index in imports and side == uptake:
                others.append((index, side, ABSENT))
            elif limits and index in further and (low == high or (low if side == "lower" else high) != 0):
                others.append((index, side, CONSTRAINT))
            elif limits and low == high == 0:
                others.append((index, side, CLOSED))
            elif limits and (low if side == "lower" else high) != 0:
                others.append((index, side, REACTION))
        return nutrients + others[:most]
