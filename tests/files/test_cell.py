import datetime
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metagnn.files.cell import PROGRAM_GAPS, WRITTEN_GAPS, is_gap, parse_cell, why_no_number


@settings(max_examples=100, deadline=None)
@given(st.floats(allow_nan=False), st.sampled_from(["-", "−", "–"]), st.booleans())
def test_a_number_is_read_to_the_last_bit_with_either_decimal_sign_and_any_minus(number, minus, space):
    text = str(number).replace("-", minus)
    for sign in (".", ","):
        written = text.replace(".", sign)
        assert parse_cell(f" {written}\t" if space else written, sign) == number


@pytest.mark.parametrize("gap", [*PROGRAM_GAPS, *WRITTEN_GAPS])
def test_gaps_count_in_every_spelling(gap):
    for text in (gap, gap.upper(), gap.title(), f" {gap} "):
        assert is_gap(text)
        assert math.isnan(parse_cell(text))


@pytest.mark.parametrize(
    ("cell", "why"),
    [
        ("1.000,5", "thousands separators"),
        ("1,234.5", "thousands separators"),
        ("1 234,5", "thousands separators"),
        ("1'234", "thousands separators"),
        ("1.000.000", "thousands separators"),
        ("1,5", "it has a comma"),
        ("<0.1", "limit of detection"),
        ("> 20", "limit of detection"),
        ("1.2 ± 0.3", "ends in _std"),
        ("1.2+/-0.3", "ends in _std"),
        ("2024-01-05", "it is a date"),
        ("5.1.2024", "it is a date"),
        ("05/01/24 12:00", "it is a date"),
        ("5. Mai", "it is a date"),
        ("May-01", "it is a date"),
        (datetime.datetime(2024, 1, 5), "it is a date"),
        ("5 mM", "it holds a unit"),
        ("12 %", "it holds a unit"),
        ("1.5–2", "it is a range"),
        ("True", "expected one, such as 1 or 0"),
        (np.True_, "expected one, such as 1 or 0"),
        ("high", "'high' is no number"),
        ("1_000", "'1_000' is no number"),
    ],
)
def test_what_is_no_number_is_refused_with_the_reason(cell, why):
    assert parse_cell(cell) is None
    assert why in why_no_number(cell)


def test_a_decimal_point_among_decimal_commas_is_refused():
    assert parse_cell("1.5", ",") is None
    assert "it has a decimal point" in why_no_number("1.5")
    assert parse_cell("1.234,5", ",") is None
