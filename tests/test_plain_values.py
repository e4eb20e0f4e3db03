from dataclasses import dataclass

import pytest

from metagnn.plain_values import as_list, as_mapping, as_number, as_settings, as_text, as_texts, as_whole


@dataclass(frozen=True)
class Settings:
    width: int = 3
    rate: float | None = None
    name: str = "a"
    devices: int | str = 1


def test_what_is_of_its_type_is_returned():
    assert (as_text("é"), as_texts(["a", ""]), as_list([1]), as_mapping({"a": None})) == (
        "é",
        ("a", ""),
        [1],
        {"a": None},
    )
    assert (as_number(2), as_number(-0.5), as_whole(3, 1, 3)) == (2.0, -0.5, 3)
    given = {"width": 5, "rate": 1, "devices": "auto"}
    assert as_settings(Settings, given) == Settings(5, 1, "a", "auto")
    assert as_settings(Settings, {}) == Settings()


@pytest.mark.parametrize(
    ("read", "value"),
    [
        *((as_text, value) for value in (None, 1, ["a"], "\ud800")),
        *((as_texts, value) for value in ("ab", [1], None)),
        *((as_list, value) for value in ({}, "a", None)),
        *((as_mapping, value) for value in ([], {"\udfff": 1}, None)),
        *((as_number, value) for value in (True, "1", None, float("nan"), float("inf"), 10**400)),
        *((as_whole, value) for value in (True, 1.0, "1", -1, 2**63)),
    ],
)
def test_what_is_not_is_refused_with_what_was_expected(read, value):
    with pytest.raises(ValueError, match="where"):
        read(value)


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({"steps": 1}, "Settings has no setting 'steps'; expected width, rate, name, devices"),
        ({"width": 1.5}, "`width` is 1.5 where a whole number"),
        ({"width": 10**400}, "`width` is a huge number where"),
        ({"rate": float("inf")}, "`rate` is inf where a finite number"),
        ({"name": None}, "`name` is None where str is expected"),
        ({"devices": [1]}, "`devices` is a list where"),
        ([], "a list where named values"),
    ],
)
def test_settings_name_the_field(document, message):
    with pytest.raises(ValueError, match=message):
        as_settings(Settings, document)
