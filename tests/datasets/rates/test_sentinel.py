from metagnn.datasets.rates.sentinel import Sentinel, sentinel_notes


def test_a_sentinel_says_its_column_value_and_samples():
    found = Sentinel("O2 [mmol/L/h]", -999.0, tuple("abcdefgh"), "a placeholder")
    assert found.sentence == (
        "column 'O2 [mmol/L/h]' is -999 in sample a, b, c, d, e, f and 2 more: a placeholder; taken as not measured"
    )


def test_columns_that_are_kept_share_one_sentence():
    kept = [Sentinel(name, 0.0, (), "", kept=True) for name in ("EX_a_e", "EX_b_e")]
    notes = sentinel_notes([*kept, Sentinel("c", 1000.0, (), "a placeholder")])
    assert len(notes) == 2
    assert notes[0] == "column 'c' is 1000 in every sample: a placeholder; taken as not measured"
    assert "EX_a_e, EX_b_e" in notes[1]
    assert sentinel_notes([]) == ()
