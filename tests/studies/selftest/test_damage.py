from collections.abc import Callable
from pathlib import Path

import pytest

from metagnn.predictor import FluxPredictor
from metagnn.studies.selftest import damage
from metagnn.studies.selftest.cases import Cases


def test_the_promise_holds(small: Cases) -> None:
    found = damage.damaged_refused(small)
    assert found.kept
    assert found.of == "39 damages"


@pytest.mark.parametrize("error", [None, RuntimeError("no message for a user")])
def test_an_accepted_damage_is_noticed(
    breaking: Callable[..., Cases], monkeypatch: pytest.MonkeyPatch, error: Exception | None
) -> None:
    whole = FluxPredictor.load

    def load(folder: Path) -> FluxPredictor | None:
        if folder.name == "whole":
            return whole(folder)
        if error is not None:
            raise error
        return None

    monkeypatch.setattr(FluxPredictor, "load", load)
    cases = breaking()
    if error is None:
        assert damage.damaged_refused(cases).measured == 39
    else:
        with pytest.raises(RuntimeError, match="no message"):
            damage.damaged_refused(cases)
