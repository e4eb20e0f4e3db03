import copy
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from metagnn.predictor import FluxPredictor
from metagnn.studies.selftest import predictions
from metagnn.studies.selftest.cases import Cases
from metagnn.studies.selftest.check import Measurement

POLYTOPE = (predictions.polytope_balances, predictions.polytope_bounds, predictions.polytope_answers)


class Moved(FluxPredictor):
    """A predictor whose fluxes are moved by as much; NaN are lost."""

    moved = 0.0

    @classmethod
    def by(cls, moved: float, predictor: FluxPredictor) -> "Moved":
        made = copy.copy(predictor)
        made.__class__ = cls
        made.moved = moved
        return made

    def predict(self, media: pd.DataFrame) -> pd.DataFrame:
        return super().predict(media) + self.moved


@pytest.mark.parametrize("check", [*POLYTOPE, predictions.steady_state_balances])
def test_the_promise_holds(small: Cases, check: Callable[[Cases], Measurement]) -> None:
    assert check(small).kept


@pytest.mark.parametrize("check", [*POLYTOPE[:2], predictions.steady_state_balances])
def test_a_moved_flux_is_noticed(
    small: Cases, breaking: Callable[..., Cases], check: Callable[[Cases], Measurement]
) -> None:
    # Uptakes reach 10⁶, and so do fluxes: 1e-9 of them is allowed.
    broken = breaking(polytope=Moved.by(-1e-2, small.polytope), steady_state=Moved.by(-1e-2, small.steady_state))
    assert not check(broken).kept


def test_lost_answers_are_noticed(small: Cases, breaking: Callable[..., Cases]) -> None:
    broken = breaking(polytope=Moved.by(np.nan, small.polytope))
    assert predictions.polytope_answers(broken).measured == 7
    assert not predictions.polytope_bounds(broken).kept
