import numpy as np
import pytest

from metagnn.analysis.reconciliation.exchange_laws import MINERAL_STD, find_exchange_laws
from metagnn.analysis.reconciliation.flux_bounds import check_energy, reconciliation_bounds
from metagnn.analysis.reconciliation.trace_exchanges import boundary_reactions
from metagnn.datasets.rates import present_exchanges
from metagnn.errors import InputError
from tests.analysis.reconciliation.true_rates import MEASURED, true_fluxes


@pytest.fixture(scope="module")
def measured(core):
    return np.isin(np.array(core.reactions), MEASURED)


@pytest.fixture(scope="module")
def exchange_laws(core, measured):
    return find_exchange_laws(core, present_exchanges(core, measured), "elemental")


@pytest.mark.parametrize("energy", ["free", "keep"])
def test_true_fluxes_are_within_and_what_is_absent_is_closed(core, exchange_laws, measured, energy):
    lower, upper = reconciliation_bounds(exchange_laws, measured, np.zeros_like(measured), energy)
    truth = true_fluxes(core, 6)
    assert (truth >= lower - 1e-7).all()
    assert (truth <= upper + 1e-7).all()
    absent = boundary_reactions(core)
    absent[exchange_laws.indices] = False
    assert np.array_equal(np.flatnonzero(absent), np.flatnonzero((lower == 0) & (upper == 0) & absent))
    assert absent.sum() > 5


def test_what_was_measured_did_happen_whatever_the_medium_says(core, exchange_laws, measured):
    lower, upper = reconciliation_bounds(exchange_laws, measured, np.zeros_like(measured))
    assert np.isneginf(lower[measured]).all()
    assert np.isposinf(upper[measured]).all()
    # Glucose is limited to 10 in the medium of the model.
    assert core.bounds.lower[core.reaction_index("EX_glc__D_e")] == -10
    growth = core.reaction_index(core.growth_reaction)
    assert (lower[growth], upper[growth]) == (0.0, np.inf)


def test_maintenance_binds_only_where_energy_is_kept(core, exchange_laws, measured):
    atpm = core.reaction_index("ATPM")
    assert core.bounds.lower[atpm] > 0
    nothing = np.zeros_like(measured)
    kept, free = (reconciliation_bounds(exchange_laws, measured, nothing, energy) for energy in ("keep", "free"))
    assert kept[0][atpm] == core.bounds.lower[atpm]
    # Freed means down to zero in its own direction: maintenance never makes ATP.
    assert (free[0][atpm], free[1][atpm]) == (0.0, np.inf)
    others = np.arange(len(measured)) != atpm
    for one, other in zip(kept, free, strict=True):
        assert np.array_equal(one[others], other[others])


def test_minerals_are_taken_up_only_unless_measured_or_opened(iJO1366):
    names = np.array(iJO1366.reactions)
    measured = np.isin(names, MEASURED)
    exchange_laws = find_exchange_laws(iJO1366, present_exchanges(iJO1366, measured), "fixed")
    minerals = exchange_laws.indices[exchange_laws.unmeasured_std == MINERAL_STD]
    assert "EX_k_e" in names[minerals]
    nothing, opened = np.zeros_like(measured), names == "EX_k_e"
    assert (reconciliation_bounds(exchange_laws, measured, nothing)[1][minerals] <= 0).all()
    for settings in ((measured | opened, nothing), (measured, opened)):
        assert reconciliation_bounds(exchange_laws, *settings)[1][opened] > 0


def test_a_bound_of_a_thousand_is_none(core, exchange_laws, measured):
    lower, upper = reconciliation_bounds(exchange_laws, measured, np.zeros_like(measured))
    assert np.isinf(upper[core.bounds.upper >= 999]).any()
    assert not ((np.abs(lower) >= 999) & np.isfinite(lower)).any()
    assert not ((np.abs(upper) >= 999) & np.isfinite(upper)).any()


def test_an_unknown_treatment_of_energy_is_refused():
    with pytest.raises(InputError, match=r"`energy`.*did you mean 'keep'"):
        check_energy("kept")


def test_what_is_observed_inside_keeps_its_directions_and_loses_its_limits(core):
    names = np.array(core.reactions)
    network = core.knock_out(reactions=["PGI"])
    inside = np.isin(names, ["PFK", "PGI", "GND"])
    laws = find_exchange_laws(network, present_exchanges(network, inside), "fixed", inside)
    lower, upper = reconciliation_bounds(laws, inside, np.zeros_like(inside))
    for name, ends in {"PFK": (0.0, np.inf), "PGI": (-np.inf, np.inf)}.items():
        at = core.reaction_index(name)
        assert (lower[at], upper[at]) == ends


def test_what_is_withheld_is_open_both_ways(core, measured):
    hidden = np.array(core.reactions) == "EX_fru_e"
    laws = find_exchange_laws(core, present_exchanges(core, measured | hidden), "fixed", measured | hidden)
    lower, upper = reconciliation_bounds(laws, measured | hidden, np.zeros_like(measured))
    assert (lower[hidden], upper[hidden]) == (-np.inf, np.inf)
