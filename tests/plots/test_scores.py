import numpy as np
import pytest

from metagnn.errors import InputError
from metagnn.plots import plot_scores


def score(low: float, median: float, high: float) -> dict[str, float]:
    return {"median": median, "min": low, "max": high}


R2 = {"gnn": score(0.9995, 0.9997, 0.9998), "mlp": score(0.99, 0.997, 0.998), "mean": score(-0.2, -0.1, 0.0)}


def drawn(ax) -> list[tuple[float, float, float]]:
    (dots,) = ax.lines
    (ranges,) = ax.collections
    return [
        (segment[0, 0], x, segment[1, 0]) for segment, x in zip(ranges.get_segments(), dots.get_xdata(), strict=True)
    ]


def test_dots_and_bars_are_the_scores():
    ax = plot_scores(R2, metric="growth_r2")
    assert drawn(ax) == [(value["min"], value["median"], value["max"]) for value in R2.values()]
    assert [label.get_text() for label in ax.get_yticklabels()] == list(R2)
    assert [text.get_text() for text in ax.texts] == ["0.9997", "0.9970", "−0.1000"]
    assert ax.yaxis_inverted()
    assert ax.get_xlabel().startswith("R² of growth")


def test_nines_are_equally_far_apart():
    ax = plot_scores({"a": score(0.9, 0.99, 0.999)}, metric="growth_r2")
    x = ax.transData.transform([(0.9, 0), (0.99, 0), (0.999, 0)])[:, 0]
    assert (x[2] - x[1]) / (x[1] - x[0]) == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize("extreme", [1.0, 0.999999, 0.0, -5.0, -1e6])
def test_every_r2_lies_inside_the_axes(extreme):
    ax = plot_scores({"a": score(extreme, extreme, extreme)})
    ax.figure.canvas.draw()
    low, high = ax.get_xlim()
    assert low < extreme < high


@pytest.mark.parametrize(("most", "scale"), [(2.0, "linear"), (2e5, "log")])
def test_decades_get_a_logarithmic_axis(most, scale):
    ax = plot_scores({"a": score(1.0, 1.0, 1.0), "b": score(1.5, 1.5, most)}, metric="train_seconds")
    assert ax.get_xscale() == scale
    assert ax.get_xlabel().startswith("Training [s]")


def test_metrics_carry_their_unit_and_others_are_their_own_title():
    scores = {"a": score(1e-13, 2e-13, 1e-12)}
    assert "[mmol/gDW/h]" in plot_scores(scores, metric="max_abs_sv").get_xlabel()
    assert plot_scores(scores, metric="Error [%]").get_xlabel().startswith("Error [%]")
    assert plot_scores(scores, metric="max_abs_sv").texts[0].get_text() == "2e−13"


def test_missing_scores_keep_their_row():
    ax = plot_scores({"a": score(np.nan, np.nan, np.nan), "b": score(0.5, 0.6, 0.7)})
    assert [text.get_text() for text in ax.texts] == ["no data", "0.6000"]
    assert drawn(ax) == [(0.5, 0.6, 0.7)]
    for nothing in ({}, {"a": score(np.nan, np.nan, np.nan)}):
        assert [text.get_text() for text in plot_scores(nothing).texts] == ["no scores to show"]


def test_all_three_numbers_are_needed():
    with pytest.raises(InputError, match=r"`scores\['a'\]` has no 'max'"):
        plot_scores({"a": {"median": 1.0, "min": 1.0}})
