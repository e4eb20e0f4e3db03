import pytest

from metagnn.errors import FolderError, InputError, NetworkError, TableError, printable, unknown_name


@pytest.mark.parametrize("error", [NetworkError, TableError, FolderError])
def test_every_error_of_ours_can_be_caught_as_bad_input(error):
    assert issubclass(error, InputError)
    assert issubclass(error, ValueError)


@pytest.mark.parametrize(
    ("got", "choices", "expected"),
    [
        ("ijo1366", ["iJO1366", "zzz"], "'ijo1366' is no model; did you mean 'iJO1366'?"),
        ("pfk", ["PFK", "PFL", "TKT1"], "'pfk' is no model; did you mean 'PFK'?"),
        ("pfx", ["PFK", "PFL", "TKT1"], "'pfx' is no model; did you mean 'PFL' or 'PFK'?"),
        ("q", ["a", "b"], "'q' is no model; expected one of 'a', 'b'"),
        ("q", list("abcdefghij"), "'q' is no model; expected one of 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', …"),
        ("q", [], "'q' is no model; there are none"),
    ],
)
def test_unknown_names_get_the_nearest_choices(got, choices, expected):
    assert unknown_name(got, iter(choices), "model") == expected


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("'EX_glc__D_e' ± 1 µg – 葡", "'EX_glc__D_e' ± 1 µg – 葡"),
        ("a\nb\r\x1b[31m\x00\x7f\x9b", r"a\nb\r\x1b[31m\x00\x7f\x9b"),
        ("\u202egnp\u2028\ud800", r"\u202egnp\u2028\ud800"),
    ],
)
def test_a_message_is_one_line_that_a_terminal_only_shows(message, expected):
    assert printable(message) == expected
    assert len(printable(message).splitlines()) == 1
