import pytest

from metagnn.studies.harness.experiment import Repetitions


def test_a_form_has_its_number_of_seeds() -> None:
    assert [Repetitions(1, 5, 10).count(size) for size in ("quick", "usual", "full")] == [1, 5, 10]
    with pytest.raises(AttributeError, match="long"):
        Repetitions(1, 5, 10).count("long")
