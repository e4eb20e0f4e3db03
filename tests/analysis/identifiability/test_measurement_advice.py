import numpy as np

from metagnn.analysis.identifiability.measurement_advice import MeasurementAdvice
from metagnn.analysis.identifiability.steady_state_tangent import SteadyStateTangent
from metagnn.network import MetabolicNetwork
from metagnn.testing import toy_network


def advise(tangent: SteadyStateTangent, known: list[int], name: str) -> tuple[str, tuple[tuple[str, ...], ...]]:
    return MeasurementAdvice(tangent, tangent.after(known), known).give(name)


def test_gases_come_first_and_water_last(core: MetabolicNetwork):
    tangent = SteadyStateTangent.from_network(core)
    hidden = ("EX_co2_e", "EX_o2_e", "EX_h_e", "EX_h2o_e", "EX_ac_e", "EX_pi_e")
    known = [tangent.index(name) for name in (*core.exchanges, "growth") if name not in hidden]
    why, sets = advise(tangent, known, "co2")
    assert sets == (("EX_o2_e",), ("EX_ac_e",), ("EX_co2_e",))
    assert why == (
        "co2 can trade against EX_o2_e, EX_ac_e, EX_h_e, EX_h2o_e: "
        "measure EX_o2_e, or measure EX_ac_e, or measure EX_co2_e"
    )


def test_what_needs_two_measurements_gets_two_and_what_none_can_tell_is_said():
    network = toy_network(
        {"EX_a": "a <=>", "EX_b": "b <=>", "r": "a + b -> c", "s": "a + b -> c", "growth": "c ->", "t": "a + b ->"},
        "growth",
    )
    tangent = SteadyStateTangent.from_network(network)
    assert advise(tangent, [], "t")[1] == (("growth", "EX_a"),)
    why, sets = advise(tangent, [], "r")
    assert sets == ()
    assert why == "r moves with what is not measured: no rate that could be measured determines it"
    assert advise(tangent, [tangent.index("growth")], "t")[1] == (("EX_a",), ("EX_b",))


def test_nothing_is_advised_that_is_known(core: MetabolicNetwork):
    tangent = SteadyStateTangent.from_network(core, "elemental")
    known = [tangent.index(name) for name in ("EX_o2_e", "growth", "alpha")]
    for name in ("co2", "EX_ac_e", "beta"):
        for names in advise(tangent, known, name)[1]:
            assert not {"EX_o2_e", "growth", "alpha"} & set(names)
    assert np.all(tangent.after(known)[known] == 0.0)
