import numpy as np
import pandas as pd
import pytest

from metagnn.errors import InputError
from metagnn.plots import new_figure, plot_parity


def points(ax) -> np.ndarray:
    # The identity line is the other artist.
    (drawn,) = [line for line in ax.lines if line.get_marker() == "o"]
    return np.array(drawn.get_data())


def test_every_flux_of_every_sample_is_a_point():
    rng = np.random.default_rng(0)
    observed, predicted = rng.normal(size=(2, 500, 95))
    ax = plot_parity(observed, predicted, label="model: R² of growth 0.9")
    np.testing.assert_array_equal(points(ax), [observed.ravel(), predicted.ravel()])
    assert ax.get_title() == "model: R² of growth 0.9"
    assert "[mmol/gDW/h]" in ax.get_xlabel()
    assert "[mmol/gDW/h]" in ax.get_ylabel()


def test_both_axes_are_the_same_and_hold_every_point():
    _, axes = new_figure()
    ax = plot_parity(np.array([-3.0, 8.0]), np.array([1.0, 40.0]), axes[0, 0])
    assert ax is axes[0, 0]
    ax.figure.canvas.draw()
    assert ax.get_xlim() == ax.get_ylim()
    assert ax.get_aspect() == 1.0
    low, high = ax.get_xlim()
    assert low < -3.0 < 40.0 < high
    assert ax.get_xticks().tolist() == ax.get_yticks().tolist()


def test_many_points_are_fainter_than_few():
    few, many = (plot_parity(np.zeros(n), np.zeros(n)) for n in (10, 47_500))
    assert [line.get_alpha() for line in many.lines if line.get_marker() == "o"] < [0.2]
    assert [line.get_alpha() for line in few.lines if line.get_marker() == "o"] == [0.7]
    assert all(line.get_rasterized() for line in many.lines if line.get_marker() == "o")


def test_what_is_missing_on_either_side_is_left_out():
    ax = plot_parity(np.array([1.0, np.nan, 3.0]), np.array([1.0, 2.0, np.nan]))
    assert points(ax).tolist() == [[1.0], [1.0]]


@pytest.mark.parametrize("observed", [np.empty((0, 95)), np.full((3, 2), np.nan)])
def test_nothing_to_compare_says_so(observed):
    ax = plot_parity(observed, np.zeros(observed.shape))
    assert [text.get_text() for text in ax.texts] == ["no flux was both observed and predicted"]
    ax.figure.canvas.draw()


def test_tables_must_be_aligned():
    table = pd.DataFrame({"PFK": [1.0], "PGI": [2.0]})
    assert points(plot_parity(table, 2 * table)).tolist() == [[1.0, 2.0], [2.0, 4.0]]
    with pytest.raises(InputError, match="`observed` and `predicted` differ in their columns"):
        plot_parity(table, table[["PGI", "PFK"]])
    with pytest.raises(InputError, match="differ in their index"):
        plot_parity(table, table.set_axis([7]))
    with pytest.raises(InputError, match=r"`observed` has shape \(2,\) and `predicted` \(3,\)"):
        plot_parity(np.zeros(2), np.zeros(3))
