import numpy as np
import pytest

from metagnn.errors import InputError
from metagnn.estimates.curve_shape import CurveShape

TIMES = np.linspace(0.5, 24.0, 30)


def curves(rates, death=0.0):
    rise = 1.0 / (1.0 + np.exp(-np.asarray(rates)[:, None] * (TIMES - 4.0 / np.asarray(rates)[:, None])))
    return -2.0 + 2.5 * rise - death * np.maximum(TIMES - 18.0, 0.0)


@pytest.mark.parametrize("death", [0.0, 0.1])
def test_traits_hold_the_curve(death):
    known = curves(np.linspace(0.4, 1.2, 20), death)
    shape = CurveShape.fit(TIMES, known)
    assert np.abs(shape.inverse_transform(shape.transform(known)) - known).max() < 0.1


def test_a_faster_culture_than_any_seen_has_its_curve_sooner():
    rates = np.linspace(0.4, 0.8, 20)
    shape = CurveShape.fit(TIMES, curves(rates))
    traits = shape.transform(curves(rates))
    slope, start = np.polyfit(np.log(rates), traits, 1)
    truth = curves([1.1])
    found = shape.inverse_transform((start + slope * np.log(1.1))[None])
    assert np.square(found - truth).sum() < 0.03 * np.square(truth - truth.mean()).sum()


def test_a_curve_that_never_rises_stays_finite():
    shape = CurveShape.fit(TIMES, np.concatenate([curves([0.5, 0.7, 0.9]), np.full((1, 30), -2.0)]))
    flat = np.full((1, 30), -2.0)
    assert np.abs(shape.inverse_transform(shape.transform(flat)) - flat).max() < 0.05


def test_bad_curves_are_named():
    known = curves([0.5, 0.7])
    for times, values, says in (
        (TIMES[:-1], known, "`curves` has shape"),
        (TIMES[::-1], known, "`times` does not increase"),
        (TIMES, np.where(known > 0, np.nan, known), "gap"),
    ):
        with pytest.raises(InputError, match=says):
            CurveShape.fit(times, values)
