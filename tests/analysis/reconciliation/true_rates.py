"""Rates whose truth is known."""

import numpy as np

from metagnn.datasets.rates import RateTable
from metagnn.datasets.rates.rate_table import assumed_deviations
from metagnn.network.metabolic_network import MetabolicNetwork
from metagnn.nn.biomass import BiomassComposition
from metagnn.optimize.linear_program import LinearProgram

MEASURED = ("EX_glc__D_e", "EX_o2_e", "EX_co2_e", "EX_nh4_e", "EX_ac_e")


def true_fluxes(network: MetabolicNetwork, samples: int, seed: int = 0) -> np.ndarray:
    """Fluxes at steady state that take up glucose, and give off acetate in some samples."""
    rng = np.random.default_rng(seed)
    count = len(network.reactions)
    program = LinearProgram(network.stoichiometry.to_scipy(), np.zeros(count))
    growth = network.reaction_index(network.growth_reaction)
    found = []
    for _ in range(samples):
        lower, upper = network.bounds.lower.copy(), network.bounds.upper.copy()
        for name in network.exchanges:
            if name not in (*MEASURED, "EX_h2o_e", "EX_h_e", "EX_pi_e"):
                lower[network.reaction_index(name)] = upper[network.reaction_index(name)] = 0.0
        lower[network.reaction_index("EX_glc__D_e")] = -rng.uniform(5, 10)
        lower[network.reaction_index("EX_o2_e")] = -rng.uniform(8, 20)
        objective = np.zeros(count)
        objective[growth] = 1.0
        found.append(program.solve(lower, upper, objective).values)
    return np.array(found)


def table_of(
    network: MetabolicNetwork, fluxes: np.ndarray, noise: float = 0.05, seed: int = 0, hidden: tuple[str, ...] = ()
) -> RateTable:
    """Rates and growth as they would be measured."""
    names = (*(name for name in MEASURED if name not in hidden), network.growth_reaction)
    truth = fluxes[:, [network.reaction_index(name) for name in names]]
    rates = truth * (1 + noise * np.random.default_rng(seed).standard_normal(truth.shape))
    deviations = assumed_deviations(rates)
    deviations[:, -1] = assumed_deviations(rates[:, -1], growth=True)
    return RateTable(tuple(map(str, range(len(rates)))), names, rates, deviations)


def with_contents(network: MetabolicNetwork, alpha: float, beta: float) -> MetabolicNetwork:
    """The network with another carbon and nitrogen content, other elements as they were."""
    composition = BiomassComposition(network, "elemental")
    composition.reset_contents(alpha, beta)
    return network.with_biomass(composition.column().detach().numpy())
