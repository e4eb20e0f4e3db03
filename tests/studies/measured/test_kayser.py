from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from metagnn.errors import TableError
from metagnn.network import MetabolicNetwork
from metagnn.studies.measured.kayser import COLUMNS, FILE, GROWTH, SPLIT, HiddenCo2, chemostats, read_kayser


def table() -> pd.DataFrame:
    growth = np.linspace(0.05, 0.4, 7)
    return pd.DataFrame(
        {
            GROWTH: growth,
            "glucose_uptake_g_per_gDW_h": 1.8 * growth,
            "co2_evolution_g_per_gDW_h": 1.1 * growth,
            "oxygen_uptake_g_per_gDW_h": 0.8 * growth,
            "acetate_formation_g_per_gDW_h": 0.0,
            "ammonium_uptake_g_per_gDW_h": 0.14 * growth,
        }
    )


def test_rates_are_converted_with_molar_masses_and_signs(core: MetabolicNetwork) -> None:
    data = chemostats(core, table())
    assert (data.rates["EX_glc__D_e"] / data.growth).tolist() == pytest.approx([-1800 / 180.156] * 7, rel=1e-4)
    assert (data.rates["EX_o2_e"] / data.growth).tolist() == pytest.approx([-800 / 31.998] * 7, rel=1e-4)
    assert (data.rates["EX_nh4_e"] / data.growth).tolist() == pytest.approx([-140 / 18.039] * 7, rel=1e-4)
    assert (data.co2 / data.growth).tolist() == pytest.approx([1100 / 44.009] * 7, rel=1e-4)
    assert "EX_co2_e" not in data.rates


def test_what_is_proportional_to_growth_is_found_by_those_that_see_other_states(
    core: MetabolicNetwork, tmp_path: Path
) -> None:
    table().to_csv(tmp_path / FILE, index=False)
    experiment = HiddenCo2("kayser", read_kayser(tmp_path)).quick()
    data = chemostats(core, table())
    scores = {
        name: experiment.run(name, data, 0).scores[SPLIT]
        for name in experiment.contestants("quick")
        if not name.startswith("ours")
    }
    for name in ("carbon balance, alpha of the others", "regression on q and D"):
        assert scores[name]["hidden_error"] < 1e-9
    own = scores["carbon balance"]
    assert own["alpha"] == pytest.approx(core.biomass_content("C"))
    assert own["hidden_error"] > 0.05
    assert own["worst_hidden_error"] >= own["hidden_error"]
    assert 0.0 <= scores["reconciliation"]["hidden_coverage"] <= 1.0


def test_a_lost_column_is_named(tmp_path: Path) -> None:
    table().drop(columns=next(iter(COLUMNS))).to_csv(tmp_path / FILE, index=False)
    with pytest.raises(TableError, match="glucose_uptake"):
        read_kayser(tmp_path)
