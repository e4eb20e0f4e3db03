import numpy as np
import pytest

from metagnn.errors import InputError
from metagnn.plots import plot_closure_bars


def test_bars_are_medians_in_per_cent():
    before = np.array([[0.5, 0.7, np.nan], [0.7, 0.9, np.nan], [0.9, 1.1, np.nan]])
    ax = plot_closure_bars(before, np.ones((3, 3)))
    heights = sorted(round(bar.get_height(), 6) for bar in ax.patches)
    assert heights == [70.0, 90.0, 100.0, 100.0, 100.0]
    assert [label.get_text() for label in ax.get_xticklabels()] == ["carbon", "nitrogen", "electrons"]


def test_nothing_to_close_is_said():
    ax = plot_closure_bars(np.full((2, 3), np.nan), np.full((2, 3), np.nan))
    assert "no balance" in ax.texts[0].get_text()


def test_shapes_that_do_not_fit_are_refused():
    with pytest.raises(InputError, match=r"expected \[samples, 3\]"):
        plot_closure_bars(np.ones((2, 2)), np.ones((2, 3)))
