import threading
from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest
import torch

from metagnn.predictor import FluxPredictor
from metagnn.studies.selftest import copies
from metagnn.studies.selftest.cases import Cases
from metagnn.studies.selftest.check import Measurement

Check = Callable[[Cases], Measurement]

CHECKS = (copies.copies_agree, copies.saved_agree, copies.threads_share_a_predictor, copies.torch_threads_agree)


class Wrong:
    """A predictor that answers wrongly where `wrong` says so."""

    def __init__(self, predictor: FluxPredictor, wrong: Callable[[Any], bool]) -> None:
        self.predictor, self.wrong, self.constraint = predictor, wrong, predictor.constraint

    def predict(self, media: pd.DataFrame) -> pd.DataFrame:
        return self.predictor.predict(media) + (1e-6 if self.wrong(self) else 0.0)

    def save(self, folder: Any) -> None:
        self.predictor.save(folder)


@pytest.mark.parametrize("check", CHECKS)
def test_the_promise_holds(small: Cases, check: Check) -> None:
    threads = torch.get_num_threads()
    assert check(small).kept
    assert torch.get_num_threads() == threads


def test_threads_share_a_network(small: Cases) -> None:
    assert copies.threads_share_a_network(small).kept


BREAKS: tuple[tuple[Check, Callable[[Any], bool]], ...] = (
    (copies.saved_agree, lambda _: True),
    (copies.threads_share_a_predictor, lambda _: threading.current_thread() is not threading.main_thread()),
    (copies.torch_threads_agree, lambda _: torch.get_num_threads() == 2),
)


@pytest.mark.parametrize(("check", "wrong"), BREAKS)
def test_another_answer_is_noticed(
    small: Cases, breaking: Callable[..., Cases], check: Check, wrong: Callable[[Any], bool]
) -> None:
    broken = Wrong(small.polytope, wrong)
    assert not check(breaking(polytope=broken)).kept


def test_a_copy_with_other_weights_is_noticed(small: Cases, breaking: Callable[..., Cases]) -> None:
    class Forgetful(Wrong):
        def __deepcopy__(self, memo: Any) -> "Forgetful":
            return Forgetful(self.predictor, lambda _: True)

        def __reduce__(self) -> Any:
            return Wrong, (self.predictor, bool)

    broken = Forgetful(small.polytope, lambda _: False)
    assert copies.copies_agree(breaking(polytope=broken)).measured == 2
