import numpy as np
import pytest

from metagnn.analysis.identifiability.determined_fluxes import identifiability, identify
from metagnn.analysis.identifiability.steady_state_ranges import typical_flux
from metagnn.analysis.identifiability.steady_state_tangent import SteadyStateTangent
from metagnn.errors import InputError, NetworkError
from metagnn.network import MetabolicNetwork
from metagnn.optimize import LinearProgram
from metagnn.testing import toy_network
from tests.copies_and_threads import assert_copies_are_the_same, in_threads, same

UNSEEN = ("EX_co2_e", "EX_o2_e", "EX_h2o_e")


def all_but(network: MetabolicNetwork, *hidden: str) -> list[str]:
    return [name for name in (*network.exchanges, "growth") if name not in hidden]


@pytest.fixture(scope="module")
def elemental(core: MetabolicNetwork) -> SteadyStateTangent:
    return SteadyStateTangent.from_network(core, "elemental")


@pytest.mark.parametrize(
    ("composition", "hidden", "undetermined"),
    [
        ("fixed", (), set()),
        ("fixed", ("EX_co2_e", "EX_o2_e"), set()),
        ("fixed", ("growth",), set()),
        ("elemental", ("EX_co2_e",), set()),
        # Water and protons, exactly known, would tell hydrogen, which follows carbon.
        ("elemental", ("EX_co2_e", "EX_o2_e"), set()),
        ("elemental", UNSEEN, {"co2", "alpha", *UNSEEN}),
        ("elemental", ("EX_h2o_e", "EX_h_e", "EX_pi_e", "EX_co2_e"), set()),
        ("elemental", ("EX_nh4_e", "EX_h_e"), set()),
        ("precursor", ("EX_co2_e",), {"co2", "alpha", "EX_co2_e"}),
        ("precursor", ("EX_nh4_e",), {"beta", "EX_nh4_e"}),
    ],
)
def test_of_the_core_network_the_readouts_are_what_balances_say(core, composition, hidden, undetermined):
    report = identifiability(core, all_but(core, *hidden), composition)
    assert {row.name for row in report.rows if row.status != "determined"} == undetermined


def test_what_trades_against_what_and_what_to_measure(core: MetabolicNetwork, elemental: SteadyStateTangent):
    report = identify(elemental, all_but(core, *UNSEEN), "elemental")
    trade = "alpha can trade against EX_co2_e, EX_o2_e, EX_h2o_e: measure EX_co2_e, or measure"
    assert report["alpha"].why.startswith(trade)
    # The degree of reduction is the network's own: giving it tells nothing.
    assert report["co2"].measure == (("EX_o2_e",), ("alpha",), ("EX_co2_e",))
    assert "measure the carbon content of biomass" in report["co2"].why
    precursor = identifiability(core, all_but(core, "EX_co2_e"), "precursor")
    assert ("degree_of_reduction",) in precursor["alpha"].measure
    assert "give a degree of reduction of biomass" in precursor["co2"].why
    assert report["EX_glc__D_e"].why == "measured"
    assert report["beta"].why == "the balances tie it to what is measured"
    assert report.table().shape == (24, 5)


@pytest.mark.parametrize("hidden", [UNSEEN, ("EX_co2_e", "EX_o2_e", "EX_h_e", "EX_nh4_e", "growth")])
def test_every_set_that_is_named_does_determine_and_no_member_can_be_left_out(core, elemental, hidden):
    measured = all_but(core, *hidden)
    report = identify(elemental, measured, "elemental")
    advised = [row for row in report.rows if row.measure]
    assert advised
    for row in advised:
        for names in row.measure:
            assert identify(elemental, [*measured, *names], "elemental", fluxes=[row.name])[row.name].status == (
                "determined"
            )
            for name in names:
                fewer = [*measured, *(other for other in names if other != name)]
                assert identify(elemental, fewer, "elemental", fluxes=[row.name])[row.name].status != "determined"


def test_intervals_hold_every_flux_that_agrees_with_the_measurements(core: MetabolicNetwork):
    truth = typical_flux(core, seed=1)
    measured = ["EX_glc__D_e", "EX_o2_e", "growth"]
    report = identifiability(core, measured, fluxes="all", reference=truth)
    held = [core.reaction_index(name) for name in ("EX_glc__D_e", "EX_o2_e", core.growth_reaction)]
    lower, upper = core.bounds.lower.copy(), core.bounds.upper.copy()
    lower[held] = upper[held] = truth[held]
    random = np.random.default_rng(0)
    program = LinearProgram(core.stoichiometry.to_scipy(), np.zeros(95))
    lows, highs = (np.array([getattr(report[name], side) for name in core.reactions]) for side in ("lower", "upper"))
    for _ in range(20):
        values = program.solve(lower, upper, random.normal(size=95)).values
        assert np.all(values > lows - 1e-4)
        assert np.all(values < highs + 1e-4)
    statuses = {row.status for row in report.rows}
    assert statuses == {"determined", "bounded", "free"}
    for row in report.rows:
        if row.status == "determined":
            assert row.lower == row.upper
        if row.status == "bounded":
            assert np.isfinite([row.lower, row.upper]).all()


def test_by_hand_bounded_and_free():
    network = toy_network(
        {"EX_a": "a <=>", "r": "a -> b", "s": "a -> b", "t": "b <=> c", "u": "c <=> b", "growth": "b ->"},
        "growth",
        {"EX_a": (-10, 0)},
    )
    report = identifiability(network, ["EX_a"], fluxes="all")
    assert report["growth"].status == "determined"
    for name in ("r", "s"):
        assert report[name].status == "bounded"
        assert (report[name].lower, report[name].upper) == pytest.approx((0.0, report["growth"].lower), abs=1e-5)
        assert report[name].why.endswith("no rate that could be measured determines it")
    for name in ("t", "u"):
        assert report[name].status == "free"
    assert identifiability(network, ["EX_a", "r", "u"], fluxes="all")["t"].status == "determined"
    # Half of the flux is known without a measurement once a reaction is closed.
    assert identifiability(network.knock_out(["s"]), ["EX_a"], fluxes=["r"])["r"].status == "determined"


def test_exchanges_that_are_absent_count_as_measured(core: MetabolicNetwork):
    measured = ["EX_glc__D_e", "EX_o2_e", "growth"]
    assert identifiability(core, measured)["co2"].status != "determined"
    report = identifiability(core, measured, present=["EX_co2_e", "EX_h2o_e", "EX_h_e", "EX_nh4_e", "EX_pi_e"])
    assert report["co2"].status == "determined"
    assert report["EX_ac_e"].why == "absent"


def test_what_is_absent_carries_no_flux_and_the_rest_is_a_state_without_it(core: MetabolicNetwork):
    measured = ["EX_glc__D_e", "EX_o2_e", "growth"]
    present = ["EX_co2_e", "EX_h2o_e", "EX_h_e", "EX_nh4_e", "EX_pi_e"]
    report = identifiability(core, measured, fluxes="all", present=present)
    absent = [row for row in report.rows if row.why == "absent"]
    assert {row.name for row in absent} == {*core.exchanges} - {*measured, *present}
    assert all(row.lower == row.upper == pytest.approx(0.0, abs=1e-9) for row in absent)
    # What is determined is a flux of the network with these exchanges closed, and every interval holds one.
    closed = core.knock_out(reactions=[row.name for row in absent])
    lower, upper = closed.bounds.lower.copy(), closed.bounds.upper.copy()
    determined = [row for row in report.rows if row.status == "determined" and row.name in core.reactions]
    for row in determined:
        index = core.reaction_index(row.name)
        lower[index], upper[index] = row.lower - 1e-6, row.upper + 1e-6
    program = LinearProgram(core.stoichiometry.to_scipy(), np.zeros(95))
    solution = program.solve(lower, upper)
    assert solution.status == "optimal"
    for row in report.rows:
        if row.name in core.reactions:
            assert row.lower - 1e-4 <= solution.values[core.reaction_index(row.name)] <= row.upper + 1e-4
    # Carbon that is taken up and neither built in nor excreted leaves as CO2: by hand from three rates.
    carbon = -6 * report["EX_glc__D_e"].lower - 42.5555 * report["growth"].lower
    assert report["co2"].lower == pytest.approx(carbon, abs=1e-3)


def test_a_state_that_cannot_be_is_refused(core: MetabolicNetwork):
    with pytest.raises(
        InputError, match=r"^without EX_ac_e, .*, … no flux of e_coli_core is .*; expected in `present`"
    ):
        identifiability(core, ["EX_glc__D_e"], present=["EX_co2_e"])
    flux = typical_flux(core)
    with pytest.raises(
        InputError, match=r"`reference` has EX_etoh_e at .*, which is neither measured nor in `present`"
    ):
        identifiability(core, ["growth"], present=["EX_co2_e"], reference=flux)
    # Named as present, the same state is one.
    assert identifiability(core, ["growth"], present=core.exchanges, reference=flux)["growth"].lower > 0


def test_bad_input_is_named(core: MetabolicNetwork):
    with pytest.raises(InputError, match="'EX_glc_e' is no reaction or readout"):
        identifiability(core, ["EX_glc_e"])
    with pytest.raises(InputError, match="`measured` is the text 'growth'; expected a list"):
        identifiability(core, "growth")
    with pytest.raises(InputError, match="`fluxes` is 'some'; expected 'exchanges', 'all' or a list"):
        identifiability(core, ["growth"], fluxes="some")
    with pytest.raises(InputError, match="`composition`: 'elementel' is no composition"):
        identifiability(core, ["growth"], "elementel")
    with pytest.raises(InputError, match="misses steady state"):
        identifiability(core, ["growth"], reference=np.ones(95))
    with pytest.raises(InputError, match=r"`reference` has shape \(3,\); expected \(95,\)"):
        identifiability(core, ["growth"], reference=np.ones(3))
    with pytest.raises(NetworkError, match="no objective"):
        identifiability(toy_network({"EX_a": "a <=>"}), ["EX_a"])


def test_copies_are_the_same_and_threads_give_the_serial_report(core):
    expected = identifiability(core, ["EX_glc__D_e", "growth"])
    assert_copies_are_the_same(expected)
    for found in in_threads(lambda _: identifiability(core, ["EX_glc__D_e", "growth"]), range(8)):
        assert same(found, expected)


def test_a_report_shows_what_it_holds(core: MetabolicNetwork):
    report = identifiability(core, all_but(core))
    assert repr(report) == "IdentifiabilityReport(21 measured, fixed composition: 24 determined)"
    assert "the balances tie it" in report._repr_html_() or "measured" in report._repr_html_()
