import dataclasses

import numpy as np
import pytest

from metagnn.estimates.outside import outside_share
from tests.estimates.samples import known_samples


def test_training_rows_are_inside_and_far_ones_outside() -> None:
    known = known_samples()
    assert not outside_share(known, known).any()
    far = dataclasses.replace(known, inputs=known.inputs + 100.0)
    assert (outside_share(known, far) == 1.0).all()


def test_the_share_grows_with_the_distance() -> None:
    known = known_samples()
    top, width = known.inputs[:, 0].max(), np.ptp(known.inputs[:, 0])
    moved = known.rows([0, 0])
    moved = dataclasses.replace(moved, inputs=np.stack([[top + 0.25 * width, 2.0], [top + 0.1 * width, 2.0]]))
    inside = known.inputs[:, 1].min() <= 2.0 <= known.inputs[:, 1].max()
    assert inside
    assert outside_share(known, moved) == pytest.approx([0.5, 0.2])


def test_another_value_of_a_constant_column_is_outside_and_a_gap_is_not() -> None:
    known = dataclasses.replace(known_samples(), features=np.ones((12, 1)))
    assert (outside_share(known, dataclasses.replace(known, features=np.zeros((12, 1)))) == 1.0).all()
    assert not outside_share(known, dataclasses.replace(known, features=np.full((12, 1), np.nan))).any()
