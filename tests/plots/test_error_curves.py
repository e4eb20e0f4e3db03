import numpy as np
import pandas as pd
import pytest

from metagnn.errors import InputError
from metagnn.plots import new_figure, plot_error_curves

CURVES = {
    "gnn": pd.Series([0.4, np.nan, 0.2, 0.1], index=[0, 5, 10, 19]),
    "mlp": pd.Series([0.9, 0.5], index=[0, 99]),
}


def lines(ax) -> dict:
    return {line.get_label(): line for line in ax.lines}


def test_every_curve_is_its_error_by_the_share_of_the_training():
    drawn = lines(plot_error_curves(CURVES))
    assert drawn.keys() == CURVES.keys()
    np.testing.assert_allclose(drawn["gnn"].get_xdata(), [0.05, 0.55, 1.0])
    np.testing.assert_array_equal(drawn["gnn"].get_ydata(), [0.4, 0.2, 0.1])
    np.testing.assert_allclose(drawn["mlp"].get_xdata(), [0.01, 1.0])
    np.testing.assert_array_equal(drawn["mlp"].get_ydata(), [0.9, 0.5])
    assert drawn["gnn"].get_color() != drawn["mlp"].get_color()


def test_what_needs_no_training_is_a_level_dashed_line():
    drawn = lines(plot_error_curves(CURVES, {"carbon balance": 0.03}))
    level = drawn["carbon balance (no training)"]
    assert set(level.get_ydata()) == {0.03}
    assert level.get_linestyle() == "--"
    assert level.get_color() not in {drawn[name].get_color() for name in CURVES}


def test_given_axes_are_drawn_on_and_errors_are_read_in_per_cent():
    _, axes = new_figure()
    ax = plot_error_curves(CURVES, ax=axes[0, 0])
    assert ax is axes[0, 0]
    assert ax.get_yscale() == "log"
    assert ax.get_xlabel() == "Share of the training"
    assert ax.get_ylabel() == "Median relative error"
    ax.figure.canvas.draw()
    assert ax.yaxis.get_major_formatter()(0.1) == "10 %"
    assert [text.get_text() for text in ax.get_legend().get_texts()] == list(CURVES)


@pytest.mark.parametrize("curves", [{}, {"gnn": pd.Series([np.nan, np.nan])}, {"gnn": pd.Series(dtype=float)}])
def test_no_error_at_all_says_so(curves):
    ax = plot_error_curves(curves)
    assert [text.get_text() for text in ax.texts] == ["no errors to show"]
    ax.figure.canvas.draw()
    assert not plot_error_curves(curves, {"carbon balance": 0.03}).texts


@pytest.mark.parametrize("epochs", [[0, 0], [5, 3]])
def test_epochs_must_rise(epochs):
    with pytest.raises(InputError, match=r"`curves\['gnn'\]` has epochs that do not rise; expected one value an epoch"):
        plot_error_curves({"gnn": pd.Series([0.2, 0.1], index=epochs)})
