import numpy as np
import pytest

from metagnn.errors import InputError
from metagnn.plots import ReconciledRate, plot_reconciled


def rate(hidden: bool = False, sign: float = 1.0) -> ReconciledRate:
    values = sign * np.array([1.0, 2.0, np.nan])
    return ReconciledRate(values, 1.1 * values, 1.0 * values, 1.2 * values, hidden)


def test_withheld_rates_come_first_and_say_so():
    ax = plot_reconciled({"EX_o2_e": rate(sign=-1.0), "EX_co2_e": rate(hidden=True)})
    texts = [text.get_text() for text in ax.get_legend().get_texts()]
    assert texts == ["EX_co2_e (withheld)", "EX_o2_e"]


def test_points_are_magnitudes_that_are_known():
    ax = plot_reconciled({"EX_o2_e": rate(sign=-1.0)})
    line = next(line for line in ax.lines if line.get_marker() == "o")
    assert line.get_xdata().tolist() == [1.0, 2.0]
    assert line.get_ydata() == pytest.approx([1.1, 2.2])


def test_nothing_to_draw_is_said_and_shapes_are_checked():
    nothing = np.full(2, np.nan)
    ax = plot_reconciled({"EX_o2_e": ReconciledRate(nothing, nothing, nothing, nothing)})
    assert "no rate" in ax.texts[0].get_text()
    with pytest.raises(InputError, match="differ in their shape"):
        plot_reconciled({"EX_o2_e": ReconciledRate(nothing, nothing, nothing, np.zeros(3))})
