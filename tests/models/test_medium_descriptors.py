import numpy as np
import pytest

from metagnn.models.medium_descriptors import NAMES, medium_descriptors
from metagnn.network import MetabolicNetwork
from metagnn.testing import toy_network


def test_a_substrate_is_described_beside_glucose(core: MetabolicNetwork) -> None:
    exchanges = ["EX_glc__D_e", "EX_etoh_e", "EX_glu__L_e", "EX_o2_e"]
    rows, carbon = medium_descriptors(core, exchanges)
    assert carbon.tolist() == [6, 2, 5, 0]
    table = dict(zip(exchanges, (dict(zip(NAMES, row, strict=True)) for row in rows), strict=True))
    assert not any(table["EX_glc__D_e"].values())
    # Ethanol has twelve electrons on two carbons.
    assert table["EX_etoh_e"]["reduction"] == pytest.approx(2.0)
    assert table["EX_etoh_e"]["log_carbon"] == pytest.approx(np.log(1 / 3))
    assert table["EX_glu__L_e"]["nitrogen"] == pytest.approx(0.2)
    assert table["EX_o2_e"]["unknown"] == 1


def test_without_a_formula_it_is_taken_for_the_usual_substrate() -> None:
    network = toy_network({"EX_a": "a <=>", "growth": "a ->"}, "growth")
    rows, carbon = medium_descriptors(network, ["EX_a"])
    assert carbon.tolist() == [6.0]
    assert rows[0].tolist() == [0, 0, 0, 0, 0, 1]
