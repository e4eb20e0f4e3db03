import numpy as np
import pandas as pd
import pytest
import torch

from metagnn.analysis.diagnosis.constraint_report import constraint_report
from metagnn.fba import simulate_fluxes
from metagnn.network import MetabolicNetwork
from metagnn.network.conditions import Conditions
from metagnn.testing import toy_network


def conditions(network: MetabolicNetwork, samples: int) -> Conditions:
    bounds = (
        torch.tensor(np.repeat(side[None], samples, axis=0)) for side in (network.bounds.lower, network.bounds.upper)
    )
    return Conditions(*bounds)


def test_laws_are_those_of_the_fluxes(core: MetabolicNetwork):
    fluxes = simulate_fluxes(core, pd.DataFrame({"EX_glc__D_e": [10.0, 5.0, 8.0]})).fluxes.to_numpy().copy()
    fluxes[1, core.reaction_index("EX_co2_e")] += 2.0
    fluxes[2] = np.nan
    found = constraint_report(core, conditions(core, 3), fluxes, np.array([True, True, False]))
    assert found["status"].tolist() == ["ok", "ok", "infeasible"]
    assert found["max_abs_sv"][:2] == pytest.approx([0.0, 2.0], abs=1e-8)
    # The carbon balance of the exchanges does not look at the exchange of CO2 itself.
    assert (found["co2_exchange"] - found["co2_readout"])[:2] == pytest.approx([0.0, 2.0], abs=1e-8)
    failed = constraint_report(core, conditions(core, 3), fluxes, np.ones(3, dtype=bool))
    assert failed["status"].tolist() == ["ok", "ok", "failed"]


def test_without_formulas_there_is_no_co2():
    network = toy_network({"EX_a": "a <=>", "growth": "a ->"}, "growth", {"EX_a": (-1, 0)})
    found = constraint_report(network, conditions(network, 1), np.array([[-1.5, 1.5]]), np.array([True]))
    assert set(found) == {"max_abs_sv", "max_bound_violation", "status"}
    assert found["max_bound_violation"].tolist() == [0.5]
