import numpy as np
import pytest

from metagnn.analysis.reconciliation.composition_prior import composition_prior
from metagnn.analysis.reconciliation.exchange_laws import find_exchange_laws
from metagnn.analysis.reconciliation.missing_streams import find_missing_streams
from metagnn.datasets.rates import RateTable, present_exchanges
from tests.analysis.reconciliation.true_rates import MEASURED, table_of, true_fluxes


@pytest.fixture(scope="module")
def fluxes(core):
    return true_fluxes(core, 60, seed=3)


@pytest.fixture(scope="module")
def laws_of(core):
    found = {}

    def laws(names):
        if names not in found:
            present = present_exchanges(core, np.isin(np.array(core.reactions), names))
            found[names] = find_exchange_laws(core, present, "elemental")
        return found[names]

    return laws


def search(core, laws_of, table: RateTable):
    laws = laws_of(tuple(name for name in table.reactions if name != core.growth_reaction))
    rates, std = (array[:, laws.indices] for array in table.on_network(core))
    return find_missing_streams(laws, table.samples, rates, std, composition_prior(laws))


def scaled(table: RateTable, reaction: str, factor: float, rows=slice(None)) -> RateTable:
    rates, std = table.rates.copy(), table.deviations.copy()
    column = table.reactions.index(reaction)
    rates[rows, column] *= factor
    std[rows, column] *= factor
    return RateTable(table.samples, table.reactions, rates, std)


@pytest.mark.parametrize("hidden", [(), ("EX_nh4_e",), ("EX_co2_e",)])
@pytest.mark.parametrize("rows", [4, 15])
def test_rows_that_close_within_their_noise_miss_nothing(core, laws_of, fluxes, rows, hidden):
    for seed in range(3):
        some = np.random.default_rng(seed).choice(len(fluxes), rows, replace=False)
        table = table_of(core, fluxes[some], seed=seed, hidden=hidden)
        assert search(core, laws_of, table) == ()


def test_a_product_that_was_not_measured_is_named_with_its_flow(core, laws_of, fluxes):
    acetate = fluxes[:, core.reaction_index("EX_ac_e")]
    some = fluxes[acetate > 3][:15]
    (found,) = search(core, laws_of, table_of(core, some, hidden=("EX_ac_e",)))
    assert (found.balance, found.samples) == ("C", ())
    assert found.share > 0.1
    first = found.unmeasured[0]
    assert first.reaction == "EX_ac_e"
    assert first.factor is None
    truth = np.median(some[:, core.reaction_index("EX_ac_e")])
    assert abs(first.flow - truth) < 3 * first.flow_std < truth


def test_a_product_of_some_samples_is_found_in_these(core, laws_of, fluxes):
    acetate = fluxes[:, core.reaction_index("EX_ac_e")]
    some = np.vstack([fluxes[acetate < 0.5][:9], fluxes[acetate > 7][:3]])
    (found,) = search(core, laws_of, table_of(core, some, noise=0.03, hidden=("EX_ac_e",)))
    assert set(found.samples) <= {"9", "10", "11"}
    assert len(found.samples) >= 2
    assert "EX_ac_e" in [stream.reaction for stream in found.unmeasured]


@pytest.mark.parametrize(
    ("reaction", "factor", "balance", "missing"),
    [("EX_co2_e", 0.5, "C", True), ("EX_co2_e", 2.0, "C", False), ("EX_nh4_e", 0.5, "N", False)],
)
def test_a_rate_that_is_off_is_named_with_its_factor(core, laws_of, fluxes, reaction, factor, balance, missing):
    (found,) = search(core, laws_of, scaled(table_of(core, fluxes[:12]), reaction, factor))
    assert (found.balance, found.share > 0) == (balance, missing)
    assert found.scaled[0].reaction == reaction
    # Nitrogen in cells varies by a factor of three: its factor is known to the nearest that cells allow.
    assert found.scaled[0].factor == pytest.approx(1 / factor, rel=0.15 if balance == "C" else 0.4)


def test_a_loss_of_a_measured_product_is_named(core, laws_of, fluxes):
    acetate = fluxes[:, core.reaction_index("EX_ac_e")]
    table = scaled(table_of(core, fluxes[acetate > 3][:15]), "EX_ac_e", 0.5)
    (found,) = search(core, laws_of, table)
    assert "EX_ac_e" in [stream.reaction for stream in found.scaled]
    assert found.share > 0


def test_a_column_that_is_zero_throughout_is_offered_with_its_flow(core, laws_of, fluxes):
    acetate = fluxes[:, core.reaction_index("EX_ac_e")]
    table = table_of(core, fluxes[acetate > 3][:15])
    rates = table.rates.copy()
    rates[:, table.reactions.index("EX_ac_e")] = 0.0
    deviations = table.deviations.copy()
    deviations[:, table.reactions.index("EX_ac_e")] = 0.01
    (found,) = search(core, laws_of, RateTable(table.samples, table.reactions, rates, deviations))
    zero = next(stream for stream in found.scaled if stream.reaction == "EX_ac_e")
    assert np.isinf(zero.factor)
    assert zero.flow > 3


def test_a_fixed_composition_is_not_tested(core, fluxes):
    laws = find_exchange_laws(core, present_exchanges(core, np.isin(np.array(core.reactions), MEASURED)), "fixed")
    rates, std = (array[:, laws.indices] for array in table_of(core, fluxes[:4]).on_network(core))
    assert find_missing_streams(laws, tuple("abcd"), rates, std, composition_prior(laws)) == ()
