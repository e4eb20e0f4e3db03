from dataclasses import replace

import pytest

from metagnn.datasets.rates.column_header import parse_header
from metagnn.rate_unit import parse_unit

IDS = frozenset(["EX_ac_e", "Biomass"])


@pytest.mark.parametrize(
    ("text", "kind", "subject", "direction"),
    [
        ("glucose_uptake_g_per_gDW_h", "substance", "glucose", "uptake"),
        ("qO2 [mmol/gDW/h]", "substance", "O2", ""),
        ("q_glc_mmol_per_gDW_h", "substance", "glc", ""),
        ("quinate_uptake_g_per_gDW_h", "substance", "quinate", "uptake"),
        ("CO2 evolution rate [mmol/L/h]", "substance", "CO2", "secretion"),
        ("OUR_mmol_per_L_h", "substance", "o2", "uptake"),
        ("specific growth rate [1/h]", "growth", "growth", ""),
        ("D_1_per_h", "dilution", "dilution", ""),
        ("time_h", "time", "time", ""),
        ("biomass_gDW_per_L", "biomass", "biomass", ""),
        ("RQ", "rq", "rq", ""),
        ("EX_ac_e", "substance", "EX_ac_e", ""),
    ],
)
def test_headers_in_words(text, kind, subject, direction):
    header = parse_header(text, IDS)
    assert (header.kind, header.subject, header.direction) == (kind, subject, direction)


@pytest.mark.parametrize("text", ["EX_ac_e_std", "EX_ac_e_sd", "acetate_std_g_per_gDW_h", "acetate_g_per_gDW_h_std"])
def test_deviations_wherever_the_word_stands(text):
    assert parse_header(text, IDS).deviation


@pytest.mark.parametrize("text", ["ac_g_per_gDW_h_rep2", "ac_rep2_g_per_gDW_h", "ac_replicate_2 [g/gDW/h]"])
def test_replicates_wherever_the_number_stands(text):
    header = parse_header(text)
    assert (header.replicate, header.subject) == (2, "ac")


def test_deviations_and_replicates_share_the_key_of_their_values():
    keys = {parse_header(f"acetate_formation{role}_g_per_gDW_h").key for role in ("", "_std", "_rep1")}
    assert len(keys) == 1


def test_a_feed_is_not_the_broth():
    assert parse_header("glucose_feed_g_per_L").place == "feed"
    assert parse_header("residual glucose [g/L]").place == ""


@pytest.mark.parametrize(
    "text", ["EX_ac_e", "acetate [g/L]", "acetate_g_per_gDW_h_std", "acetate (mM)_rep2", "acetate"]
)
def test_a_given_unit_takes_the_place_of_the_headers_own_and_of_nothing_else(text):
    unit = parse_unit("mmol/gDW/h")
    header, own = parse_header(text, IDS, unit), parse_header(text, IDS)
    assert header.unit == unit
    assert replace(header, unit=None) == replace(own, unit=None)
