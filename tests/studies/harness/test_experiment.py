import pytest

from metagnn.studies.harness.experiment import Repetitions, spread


def test_spread_is_over_the_seeds() -> None:
    assert spread([{"a": 3.0}, {"a": 1.0}, {"a": 2.0}]) == {"a": {"median": 2.0, "min": 1.0, "max": 3.0}}
    assert spread([{"a": 1.0, "b": -4.0}, {"a": 2.0, "b": 4.0}]) == {
        "a": {"median": 1.5, "min": 1.0, "max": 2.0},
        "b": {"median": 0.0, "min": -4.0, "max": 4.0},
    }


def test_one_seed_has_no_range() -> None:
    assert spread([{"a": 3.0}]) == {"a": {"median": 3.0, "min": 3.0, "max": 3.0}}


def test_a_form_has_its_number_of_seeds() -> None:
    assert [Repetitions(1, 5, 10).of(size) for size in ("quick", "usual", "full")] == [1, 5, 10]
    with pytest.raises(AttributeError, match="long"):
        Repetitions(1, 5, 10).of("long")
