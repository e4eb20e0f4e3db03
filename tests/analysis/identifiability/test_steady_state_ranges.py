import dataclasses

import numpy as np
import pytest

from metagnn.analysis.identifiability.steady_state_ranges import SteadyStateRanges, typical_flux
from metagnn.analysis.identifiability.steady_state_tangent import SteadyStateTangent
from metagnn.errors import InputError
from metagnn.network import FluxBounds, MetabolicNetwork
from metagnn.nn import BiomassComposition
from metagnn.testing import toy_network
from tests.copies_and_threads import COPIES, in_threads, in_workers


@pytest.fixture(scope="module")
def tangent(core: MetabolicNetwork) -> SteadyStateTangent:
    return SteadyStateTangent.from_network(core, "elemental")


def test_a_typical_flux_is_at_steady_state_within_bounds_and_grows(core: MetabolicNetwork):
    for seed in range(3):
        flux = typical_flux(core, seed)
        assert np.abs(core.stoichiometry.to_dense().numpy() @ flux).max() < 1e-8
        assert np.all(flux >= core.bounds.lower - 1e-9)
        assert np.all(flux <= core.bounds.upper + 1e-9)
        assert flux[core.reaction_index(core.growth_reaction)] > 0.1
    starved = core.with_medium({})
    with pytest.raises(InputError, match="no flux of e_coli_core is at steady state"):
        typical_flux(starved)


@pytest.mark.parametrize("alpha", [25.0, 36.0, 60.0, 78.0])
def test_fluxes_of_any_biomass_within_the_interval_exist_and_none_beyond(core, tangent, alpha):
    """The program over growth times change of composition, beside networks with the composition itself."""
    reference = typical_flux(core)
    names = [name for name in core.exchanges if name not in ("EX_co2_e", "EX_o2_e")]
    known = [tangent.index(name) for name in (*names, "growth")]
    ranges = SteadyStateRanges(tangent, known, reference)
    (low, high), (least, most) = ranges.find_ranges([tangent.index("alpha"), tangent.index("co2")])
    other = BiomassComposition(core, "elemental")
    other.reset_contents(alpha)
    lower, upper = core.bounds.lower.copy(), core.bounds.upper.copy()
    lower[known], upper[known] = reference[known] - 1e-6, reference[known] + 1e-6
    changed = dataclasses.replace(
        core.with_biomass(other.column().detach().numpy()), bounds=FluxBounds(core.reactions, lower, upper)
    )
    alone = SteadyStateTangent.from_network(changed)
    if low < alpha < high:
        expected = (
            reference[alone.index("co2")] - (alpha - core.biomass_content("C")) * reference[alone.index("growth")]
        )
        assert SteadyStateRanges(alone, []).find_ranges([alone.index("co2")])[0] == pytest.approx(
            [expected] * 2, abs=1e-3
        )
        assert least - 1e-4 <= expected <= most + 1e-4
    else:
        with pytest.raises(InputError, match="no flux"):
            SteadyStateRanges(alone, [])


def test_contents_lie_between_nothing_and_all_of_biomass(core: MetabolicNetwork, tangent: SteadyStateTangent):
    alpha = tangent.index("alpha")
    growth = tangent.index("growth")
    free = SteadyStateRanges(tangent, [])
    assert free.find_ranges([alpha]).tolist() == [[0.0, pytest.approx(83.257, abs=1e-3)]]
    assert not free.bounded(alpha, *free.find_ranges([alpha])[0].tolist())
    held = SteadyStateRanges(tangent, [growth])
    low, high = held.find_ranges([alpha])[0]
    assert 0.0 <= low < core.biomass_content("C") < high <= 83.258
    assert held.value(alpha) == pytest.approx(core.biomass_content("C"))


def test_a_reference_has_to_be_a_flux_of_the_network(core: MetabolicNetwork, tangent: SteadyStateTangent):
    flux = typical_flux(core)
    outside = 1000.0 * flux
    for wrong, message in ((flux[:5], "has shape"), (flux + 1.0, "misses steady state"), (outside, "bounds by")):
        with pytest.raises(InputError, match=message):
            SteadyStateRanges(tangent, [], wrong)


def test_bounds_wider_than_any_flux_are_no_bounds():
    network = toy_network({"EX_a": "a <=>", "growth": "a ->"}, "growth", {"EX_a": (-np.inf, 5), "growth": (0, np.inf)})
    ranges = SteadyStateRanges(SteadyStateTangent.from_network(network), [])
    assert ranges.find_ranges([0, 1]).tolist() == [[-np.inf, 0.0], [0.0, np.inf]]
    assert not ranges.bounded(0, -np.inf, 0.0)
    assert ranges.bounded(0, -3.0, 0.0)


def test_threads_share_the_program_and_copies_and_workers_have_their_own(core: MetabolicNetwork):
    ranges = SteadyStateRanges(SteadyStateTangent.from_network(core), [core.reaction_index("EX_glc__D_e")])
    wanted = [[index] for index in core.exchange_indices.tolist()]
    expected = np.array([ranges.find_ranges(one) for one in wanted])
    for found in (in_threads(ranges.find_ranges, wanted), in_workers(ranges.find_ranges, wanted)):
        assert np.array(found) == pytest.approx(expected, abs=1e-8)
    for duplicate in COPIES:
        assert duplicate(ranges).find_ranges(wanted[0]) == pytest.approx(expected[0], abs=1e-8)
