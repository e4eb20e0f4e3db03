import numpy as np
import pytest

from metagnn.errors import InputError
from metagnn.plots import new_figure, plot_estimates

ESTIMATES = {"gnn": [41.0, 42.5, 42.0], "wls": [40.0, 43.0, 44.0]}
TRUTH = 42.0


def dots(ax) -> list[list[float]]:
    """Errors of every row, in per cent."""
    return [list(line.get_xdata()) for line in ax.lines if line.get_marker() == "o"]


def triangles(ax) -> dict[str, tuple[float, float]]:
    return {
        line.get_marker(): (line.get_xdata()[0], line.get_ydata()[0]) for line in ax.lines if line.get_marker() in "<>"
    }


def medians(ax) -> dict[float, float]:
    """Position of every bar by its row; the line at the truth spans the whole height."""
    bars = [line for line in ax.lines if line.get_marker() == "None" and line.get_linewidth() == 1.8]
    return {float(np.mean(line.get_ydata())): float(line.get_xdata()[0]) for line in bars}


def test_every_repetition_is_a_dot_at_its_relative_error():
    ax = plot_estimates(ESTIMATES, TRUTH)
    for drawn, values in zip(dots(ax), ESTIMATES.values(), strict=True):
        np.testing.assert_allclose(drawn, [100 * (value / TRUTH - 1) for value in values])
    assert not triangles(ax)
    assert [label.get_text() for label in ax.get_yticklabels()] == list(ESTIMATES)
    assert ax.yaxis_inverted()
    low, high = ax.get_xlim()
    assert low == -high
    assert low < min(map(min, dots(ax))) < max(map(max, dots(ax))) < high


def test_bars_are_medians_and_the_line_is_the_truth():
    ax = plot_estimates(ESTIMATES, TRUTH)
    expected = {row: 100 * (np.median(values) / TRUTH - 1) for row, values in enumerate(ESTIMATES.values())}
    assert medians(ax) == pytest.approx(expected)
    assert [line for line in ax.lines if list(line.get_xdata()) == [0.0, 0.0] and list(line.get_ydata()) == [0, 1]]


def test_given_axes_are_drawn_on_and_carry_a_unit():
    _, axes = new_figure()
    ax = plot_estimates(ESTIMATES, TRUTH, axes[0, 0])
    assert ax is axes[0, 0]
    assert ax.get_xlabel() == "Relative error of the estimate [%]"


def test_wild_estimates_are_counted_at_the_border_they_lie_beyond():
    ax = plot_estimates({"gnn": [41.0, 42.5, 42.0], "wild": [4.0, 2.0, 400.0]}, TRUTH)
    low, high = ax.get_xlim()
    assert high < 50
    assert triangles(ax) == {"<": (low, 1), ">": (high, 1)}
    assert sorted(text.get_text() for text in ax.texts) == ["1 farther", "2 farther"]
    assert dots(ax)[1] == []
    # Counts stand inside the axes, where no label of a row is.
    ax.figure.canvas.draw()
    frame = ax.get_window_extent()
    assert all(frame.x0 < box.x0 and box.x1 < frame.x1 for box in (text.get_window_extent() for text in ax.texts))
    # A median that is not on the axis has no bar.
    assert list(medians(ax)) == [0]


def test_one_wild_estimator_does_not_set_the_scale():
    alone, beside = (
        plot_estimates(e, TRUTH).get_xlim() for e in (ESTIMATES, ESTIMATES | {"wild": [1e6, -1e6, np.inf]})
    )
    assert alone == beside


@pytest.mark.parametrize("values", [[42.0], [42.0, 42.0], [1e9], [0.0, 1e-9]])
def test_any_estimate_can_be_drawn(values):
    ax = plot_estimates({"model": values}, TRUTH)
    ax.figure.canvas.draw()
    assert ax.get_xlim()[1] > 0
    assert len(dots(ax)[0]) + sum(int(text.get_text().split()[0]) for text in ax.texts) == len(values)


@pytest.mark.parametrize("estimates", [{}, {"gnn": []}, {"gnn": [np.nan, np.nan]}])
def test_no_estimate_at_all_says_so(estimates):
    ax = plot_estimates(estimates, TRUTH)
    assert [text.get_text() for text in ax.texts] == ["no estimates to show"]
    ax.figure.canvas.draw()


@pytest.mark.parametrize("truth", [0.0, np.nan, np.inf])
def test_no_error_is_relative_to_such_a_truth(truth):
    with pytest.raises(InputError, match=rf"`truth` is {truth}; expected a finite number other than zero"):
        plot_estimates(ESTIMATES, truth)
