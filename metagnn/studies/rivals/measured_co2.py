"""Rivals on the CO2 of chemostats: balances, a regression, reconciliation and FluxPredictor."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.linear_model import LinearRegression

from metagnn.analysis.composition.balance_estimates import alpha_from_electrons, content_by_regression
from metagnn.analysis.reconciliation import ReconcileOptions, reconcile
from metagnn.datasets.rates import RateTable
from metagnn.datasets.rates.rate_table import assumed_deviations
from metagnn.network.metabolic_network import MetabolicNetwork
from metagnn.predictor import FluxPredictor
from metagnn.studies.harness.measured_rates import CO2
from metagnn.studies.rivals.measured_predictor import PredictorEffort, intervals
from metagnn.studies.rivals.rate_rivals import co2_from_carbon_and_electrons

QUICK_STATES = 2


@dataclass(frozen=True, eq=False)
class Chemostats:
    """Steady states, one row each.

    Attributes:
        network: The network.
        rates: Rates of the exchanges but CO2, uptake below zero [mmol/gDW/h].
        growth: Dilution rates, shape `[states]` [1/h].
        co2: Evolution of CO2, which a contestant may see of other states at most, shape `[states]` [mmol/gDW/h].
    """

    network: MetabolicNetwork
    rates: pd.DataFrame
    growth: np.ndarray
    co2: np.ndarray

    def fluxes(self) -> np.ndarray:
        """Return rates and growth in the columns of their reactions, zero elsewhere, `[states, reactions]`."""
        fluxes = np.zeros((len(self.growth), len(self.network.reactions)))
        fluxes[:, [self.network.reaction_index(str(name)) for name in self.rates.columns]] = self.rates.to_numpy()
        fluxes[:, self.network.reaction_index(self.network.growth_reaction)] = self.growth
        return fluxes

    def surplus(self) -> np.ndarray:
        """Return the carbon taken up and not excreted as anything but CO2, `[states]` [mmol C/gDW/h]."""
        exchanged = self.network.element_balance("C").to_dense()[0].numpy().copy()
        exchanged[self.network.reaction_index(self.network.growth_reaction)] = 0.0
        return np.asarray(self.fluxes() @ exchanged)


@dataclass(frozen=True, eq=False)
class Co2Answer:
    """What a contestant says.

    Attributes:
        co2: Evolution of CO2, shape `[states]` [mmol/gDW/h].
        alpha: Carbon of biomass, where it says that [mmol/gDW].
        low: Lower ends of 90 % intervals of CO2; None from a contestant without.
        high: Upper ends.
    """

    co2: np.ndarray
    alpha: float | None = None
    low: np.ndarray | None = None
    high: np.ndarray | None = None


Co2Rival = Callable[[Chemostats, int], Co2Answer]


def carbon_balance(data: Chemostats, seed: int) -> Co2Answer:
    """Close the carbon balance with the carbon of the network's own biomass."""
    alpha = data.network.biomass_content("C")
    return Co2Answer(data.surplus() - alpha * data.growth, alpha)


def carbon_balance_of_others(data: Chemostats, seed: int) -> Co2Answer:
    """Close it with the carbon of biomass that the measured CO2 of all other states implies, by least squares."""

    def alpha(rows: np.ndarray) -> float:
        growth = data.growth[rows]
        return float((data.surplus() - data.co2)[rows] @ growth / (growth @ growth))

    found = [data.surplus()[row] - alpha(others) * data.growth[row] for row, others in _leave_one_out(data)]
    return Co2Answer(np.array(found), alpha(np.arange(len(data.co2))))


def regression(data: Chemostats, seed: int) -> Co2Answer:
    """Regress CO2 on glucose uptake and growth of all other states; without either there is none."""
    inputs = np.column_stack([data.rates["EX_glc__D_e"], data.growth])
    found = [
        float(LinearRegression(fit_intercept=False).fit(inputs[others], data.co2[others]).predict(inputs[[row]])[0])
        for row, others in _leave_one_out(data)
    ]
    return Co2Answer(np.array(found))


def carbon_and_electrons(data: Chemostats, seed: int) -> Co2Answer:
    """Close the balances of carbon and electrons, state by state, without any CO2."""
    return Co2Answer(co2_from_carbon_and_electrons(data.network, data.fluxes()))


def carbon_with_pooled_electrons(data: Chemostats, seed: int) -> Co2Answer:
    """Close the carbon balance with the alpha that the electrons of all states imply, without any CO2."""
    electrons = content_by_regression(data.network, "electrons", data.fluxes(), None)
    alpha = alpha_from_electrons(data.network, electrons)
    return Co2Answer(data.surplus() - alpha * data.growth, alpha)


def reconciliation(data: Chemostats, seed: int) -> Co2Answer:
    """Reconcile all states together, with a composition that is fitted to them, without any CO2."""
    rates = np.column_stack([data.rates.to_numpy(), data.growth])
    deviations = assumed_deviations(rates)
    deviations[:, -1] = assumed_deviations(rates[:, -1], growth=True)
    names = (*map(str, data.rates.columns), data.network.growth_reaction)
    table = RateTable(tuple(map(str, range(len(rates)))), names, rates, deviations)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        _, result = reconcile(data.network, table, ReconcileOptions(ranges=False))
    column = result.intervals.reactions.index(CO2)
    value, low, high = (getattr(result.intervals, name)[:, column] for name in ("value", "low", "high"))
    return Co2Answer(value, float(result.composition["value"]["alpha"]), low, high)


def predictor_hidden(data: Chemostats, seed: int, effort: PredictorEffort) -> Co2Answer:
    """Train on rates and growth with a fitted composition, without any CO2; read it off the carbon balance."""
    predictor = _predictor(data, seed, effort, "elemental")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        predictor.fit(data.rates, pd.Series(data.growth, name="growth"), progress=False)
        co2 = predictor.diagnose(data.rates)["co2_readout"].to_numpy()
        ends = _ends(predictor, data.rates)
    return Co2Answer(np.nan_to_num(co2), predictor.composition_.alpha, *ends)


def predictor_learned(data: Chemostats, seed: int, effort: PredictorEffort, few: bool = False) -> Co2Answer:
    """Train on rates, growth and CO2 of all other states; `few` trains for two states only, and copies their error."""
    targets = pd.DataFrame({"growth": data.growth, CO2: data.co2})
    co2, lows, highs = np.zeros(len(targets)), np.full(len(targets), np.nan), np.full(len(targets), np.nan)
    for row, others in list(_leave_one_out(data))[: QUICK_STATES if few else None]:
        predictor = _predictor(data, seed, effort, "fixed")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            kept = data.rates.iloc[others].reset_index(drop=True)
            predictor.fit(kept, targets.iloc[others].reset_index(drop=True), progress=False)
            held = data.rates.iloc[[row]]
            co2[row] = np.nan_to_num(predictor.predict(held)[CO2].iloc[0])
            low, high = _ends(predictor, held)
        if low is not None and high is not None:
            lows[row], highs[row] = low[0], high[0]
    return Co2Answer(co2) if np.isnan(lows).any() else Co2Answer(co2, None, lows, highs)


def _predictor(data: Chemostats, seed: int, effort: PredictorEffort, composition: str) -> FluxPredictor:
    return FluxPredictor(
        *(data.network, "rates", "polytope", composition, seed), config=effort.config, training=effort.training
    )


def _ends(predictor: FluxPredictor, inputs: pd.DataFrame) -> tuple[np.ndarray | None, np.ndarray | None]:
    found = intervals(predictor, inputs)
    return (None, None) if found is None else (found[0][CO2].to_numpy(), found[1][CO2].to_numpy())


def _leave_one_out(data: Chemostats) -> list[tuple[int, np.ndarray]]:
    rows = np.arange(len(data.growth))
    return [(int(row), rows[rows != row]) for row in rows]


CO2_RIVALS: dict[str, Co2Rival] = {
    "carbon balance": carbon_balance,
    "carbon balance, alpha of the others": carbon_balance_of_others,
    "regression on q and D": regression,
    "carbon and electrons": carbon_and_electrons,
    "carbon, alpha by electrons": carbon_with_pooled_electrons,
    "reconciliation": reconciliation,
}
"""Every rival by its name."""
