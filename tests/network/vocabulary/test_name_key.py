import pytest

from metagnn.network.vocabulary.name_key import fold_id, fold_name, without_border


@pytest.mark.parametrize(
    "same",
    [
        ("L-lactate", "L-Lactic acid", "l lactate", "L_Lactate"),
        ("CO2", "co2", "CO₂"),
        ("Co2+", "Co(2+)", "Co+2", "Co2_plus_"),
        ("NH4+", "NH4(+)", "nh4_plus"),
        ("sulfate", "Sulfate(2-)"),
        ("alpha-ketoglutarate", "α-ketoglutarate"),
    ],
)
def test_spellings_of_a_name_share_a_key(same: tuple[str, ...]):
    assert len({fold_name(text) for text in same}) == 1


def test_a_charge_tells_cobalt_from_carbon_dioxide():
    assert fold_name("Co2+") != fold_name("CO2")
    assert fold_name("D-(+)-Glucose") == fold_name("D-glucose")


def test_ids_differ_by_case_and_not_by_punctuation():
    assert fold_id("glc-D") == fold_id("glc__D") == fold_id("glc_DASH_D")
    assert fold_id("gal") != fold_id("GAL")


@pytest.mark.parametrize(
    ("text", "bare"),
    [
        ("glc__D_e", "glc__D"), ("cpd00027_e0", "cpd00027"), ("s_0565[e]", "s_0565"), ("glc(e)", "glc"), ("ade", "ade"),
        ("MAM01965e", "MAM01965"), ("Vitamin E", "Vitamin E"), ("O2-e0", "O2"), ("oxygen [extracellular]", "oxygen"),
    ],
)  # fmt: skip
def test_the_compartment_outside_is_cut(text: str, bare: str):
    assert without_border(text) == bare


def test_the_compartment_of_the_network_counts_too():
    assert without_border("glucose [s]", "s") == "glucose"
    assert without_border("2-methyl-1", "1") == "2-methyl-1"
