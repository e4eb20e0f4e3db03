import numpy as np
import pytest

from metagnn.analysis.reconciliation.growth_energy import find_growth_energy, needed_release
from metagnn.optimize.linear_program import LinearProgram


def column(network):
    return network.stoichiometry.to_dense().numpy()[:, network.reaction_index(network.growth_reaction)]


def test_the_demand_of_growth_is_the_part_of_it_that_maintenance_does(core):
    found = find_growth_energy(core, column(core))
    assert found is not None
    assert core.reactions[found.reaction] == "ATPM"
    assert found.amount == pytest.approx(59.81)
    without = column(core) - found.amount * found.hydrolysis
    assert without[core.metabolites.index("atp_c")] == pytest.approx(0.0, abs=1e-9)
    # The rest of the column keeps its signs, and no element, no charge and no electron leaves with the demand.
    assert (np.sign(without[np.abs(without) > 1e-9]) == np.sign(column(core)[np.abs(without) > 1e-9])).all()
    for balance in ("C", "N", "charge", "electrons"):
        assert core.with_biomass(without).biomass_content(balance) == pytest.approx(core.biomass_content(balance))


def test_growth_without_a_demand_has_none(core):
    bare = column(core).copy()
    bare[core.metabolites.index("h2o_c")] = 0.0
    assert find_growth_energy(core, bare) is None


def test_what_is_released_is_what_the_rates_cannot_pay_for(core):
    """Rates of a cell whose growth demands less ATP, told to a network that demands the whole."""
    energy = find_growth_energy(core, column(core))
    thrifty = core.with_biomass(column(core) - 20.0 * energy.hydrolysis)
    lower, upper = core.bounds.lower.copy(), core.bounds.upper.copy()
    lower[energy.reaction], objective = 0.0, np.zeros(len(core.reactions))
    growth = core.reaction_index(core.growth_reaction)
    objective[growth] = 1.0
    best = LinearProgram(thrifty.stoichiometry.to_scipy(), objective).solve(lower, upper).values
    told = np.array([best, 0.5 * best, np.full(len(best), np.nan)])
    told[:, energy.reaction] -= 20.0 * told[:, growth]
    assert np.abs(core.stoichiometry.to_scipy() @ told[0]).max() < 1e-8
    lower[energy.reaction] = -np.inf
    held = core.exchange_indices
    assert needed_release(energy, core, (lower, upper), told, held) == pytest.approx(20.0, rel=1e-3)
    # Without anything held, ATP comes from elsewhere.
    assert needed_release(energy, core, (lower, upper), told, np.array([growth])) < 20.0
    told[:, energy.reaction] = 0.0
    assert needed_release(energy, core, (lower, upper), told, held) == 0.0
