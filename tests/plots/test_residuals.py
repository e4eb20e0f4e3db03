import numpy as np
import pytest

from metagnn.errors import InputError
from metagnn.plots import plot_residuals


def boxes(ax) -> list[list[float]]:
    """Smallest, median and largest of every row, top to bottom, from what is drawn."""
    rows: dict[float, list[float]] = {}
    for line in ax.lines:
        for x, y in zip(line.get_xdata(), line.get_ydata(), strict=True):
            rows.setdefault(round(float(y)), []).append(float(x))
    medians = {
        round(float(np.mean(line.get_ydata()))): line.get_xdata()[0] for line in ax.lines if line.get_linewidth() == 2
    }
    return [[min(rows[row]), medians[row], max(rows[row])] for row in sorted(medians)]


def test_rows_hold_smallest_median_and_largest():
    rng = np.random.default_rng(0)
    residuals = {"exact": 10 ** rng.uniform(-14, -12, 500), "soft": 10 ** rng.uniform(-3, 1, 500)}
    ax = plot_residuals(residuals)
    expected = [[values.min(), np.median(values), values.max()] for values in residuals.values()]
    np.testing.assert_allclose(boxes(ax), expected, rtol=1e-12)
    assert [label.get_text() for label in ax.get_yticklabels()] == ["exact", "soft"]
    assert ax.yaxis_inverted()
    assert ax.get_xscale() == "log"
    assert "[mmol/gDW/h]" in ax.get_xlabel()


@pytest.mark.parametrize(
    "values", [[0.0, 1e-14, 10.0], [0.0, 0.0], [1e-14, 10.0], [3.0], [1.0], [0.0, 1e-300], [1e-200, 1e200]]
)
def test_every_residual_lies_inside_the_axes(values):
    ax = plot_residuals({"model": np.array(values)})
    ax.figure.canvas.draw()
    low, high = ax.get_xlim()
    assert low < min(values)
    assert max(values) < high
    ticks = [tick for tick in ax.get_xticks() if low <= tick <= high]
    assert len(ticks) >= 2
    assert (0.0 in ticks) == (0.0 in values)


def test_zero_is_labelled_and_apart():
    ax = plot_residuals({"model": np.array([0.0, 1e-14, 10.0])})
    ax.figure.canvas.draw()
    assert ax.get_xticklabels()[0].get_text() == "0"
    x = ax.transAxes.inverted().transform(ax.transData.transform([(0.0, 0), (1e-14, 0), (10.0, 0)]))[:, 0]
    assert x[1] - x[0] > 0.05
    assert x[2] - x[1] > 0.7


def test_missing_predictions_are_left_out_and_said():
    ax = plot_residuals({"half": np.array([np.nan, 2.0]), "none": np.array([np.nan]), "empty": np.empty(0)})
    labels = [label.get_text() for label in ax.get_yticklabels()]
    assert labels == ["half", "none (no data)", "empty (no data)"]
    assert boxes(ax)[0] == [2.0, 2.0, 2.0]
    for nothing in ({}, {"none": np.array([np.nan])}):
        assert [text.get_text() for text in plot_residuals(nothing).texts] == ["no residuals to show"]


def test_magnitudes_are_expected():
    with pytest.raises(InputError, match=r"`residuals\['mlp'\]` holds -2; expected magnitudes"):
        plot_residuals({"mlp": np.array([-2.0, np.nan, 1.0])})
