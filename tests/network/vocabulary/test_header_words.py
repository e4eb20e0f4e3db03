import pytest

from metagnn.errors import TableError
from metagnn.network.vocabulary.header_words import read_words


@pytest.mark.parametrize(
    ("text", "subject", "direction"),
    [
        ("glucose consumption rate", "glucose", "uptake"),
        ("specific glucose uptake rate", "glucose", "uptake"),
        ("uptake rate of D-glucose", "D-glucose", "uptake"),
        ("glucose-uptake", "glucose", "uptake"),
        ("GlucoseUptake", "Glucose", "uptake"),
        ("acetate production rate", "acetate", "secretion"),
        ("CO2 evolution", "CO2", "secretion"),
        ("qGlc", "Glc", ""),
        ("q_ac", "ac", ""),
        ("qglc", "glc", ""),
        ("quinate", "quinate", ""),
        ("OUR", "o2", "uptake"),
        ("CER", "co2", "secretion"),
        ("carbon dioxide", "carbon dioxide", ""),
    ],
)
def test_words_give_substance_and_direction(text: str, subject: str, direction: str):
    words = read_words(text)
    assert (words.kind, words.subject, words.direction) == ("substance", subject, direction)


@pytest.mark.parametrize("text", ["mu", "µ", "growth rate", "Specific growth rate", "GrowthRate", "mu_max"])
def test_growth_has_many_names(text: str):
    assert read_words(text).kind == "growth"


def test_two_directions_are_refused():
    with pytest.raises(TableError, match="'glucose_uptake_production' names an uptake and a production"):
        read_words("glucose_uptake_production")
