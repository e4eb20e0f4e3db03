import pandas as pd
import pytest

from metagnn.cli.open_sources import print_open_sources
from metagnn.network import MetabolicNetwork


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        (["EX_o2_e"], "open carbon sources missing in the table: EX_glc__D_e (up to 10 mmol/gDW/h)\n"),
        (["EX_glc__D_e"], ""),
        (["EX_o2_e", "EX_glc__D_e_std"], ""),
    ],
)
def test_what_a_table_forgets_is_printed(
    core: MetabolicNetwork, columns: list[str], expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    print_open_sources(core, pd.DataFrame(columns=columns))
    assert capsys.readouterr().out == expected


def test_a_long_list_ends_in_dots(core: MetabolicNetwork, capsys: pytest.CaptureFixture[str]) -> None:
    carbon = ["EX_ac_e", "EX_akg_e", "EX_etoh_e", "EX_for_e", "EX_fru_e", "EX_fum_e", "EX_glc__D_e", "EX_mal__L_e"]
    fed = core.with_medium(dict.fromkeys([*carbon, "EX_pyr_e"], 5.0))
    print_open_sources(fed, pd.DataFrame(columns=["EX_o2_e"]))
    out = capsys.readouterr().out
    assert out.count("(up to 5 mmol/gDW/h)") == 8
    assert out.endswith(", …\n")
