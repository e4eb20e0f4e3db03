import numpy as np
import pytest

from metagnn.errors import InputError
from metagnn.plots import new_figure, plot_learning_curves


def points(*medians: float) -> dict[str, dict[str, float]]:
    return {
        size: {"median": m, "min": m / 2, "max": 3 * m} for size, m in zip(("10", "30", "100"), medians, strict=False)
    }


ERRORS = {
    "gnn": {"constrained": points(0.03, 0.02, 0.01), "carbon_only": points(0.3, 0.2, 0.1)},
    "ridge": {"unconstrained": points(0.05, 0.04)},
}


def lines(ax) -> dict:
    return {line.get_label(): line for line in ax.lines}


def test_curves_are_the_medians_by_number_of_samples():
    drawn = lines(plot_learning_curves(ERRORS))
    # What has one variant needs no name for it.
    assert list(drawn) == ["gnn, constrained", "gnn, carbon only", "ridge"]
    for label, x, y in (
        ("gnn, constrained", [10, 30, 100], [0.03, 0.02, 0.01]),
        ("gnn, carbon only", [10, 30, 100], [0.3, 0.2, 0.1]),
        ("ridge", [10, 30], [0.05, 0.04]),
    ):
        assert list(drawn[label].get_xdata()) == x
        assert list(drawn[label].get_ydata()) == y


def test_bands_run_from_the_smallest_to_the_largest():
    bands = plot_learning_curves(ERRORS).collections
    assert len(bands) == 3
    vertices = {(round(x), round(y, 6)) for x, y in bands[0].get_paths()[0].vertices}
    assert vertices == {(10, 0.015), (30, 0.01), (100, 0.005), (10, 0.09), (30, 0.06), (100, 0.03)}


def test_a_model_has_a_colour_and_its_variants_dashes():
    one, other, ridge = plot_learning_curves(ERRORS).lines
    assert one.get_color() == other.get_color() != ridge.get_color()
    assert one.get_linestyle() != other.get_linestyle()


def test_given_axes_are_drawn_on_with_units_and_the_sizes_as_ticks():
    _, axes = new_figure()
    ax = plot_learning_curves(ERRORS, axes[0, 0])
    assert ax is axes[0, 0]
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "log")
    assert ax.get_xlabel() == "Training samples"
    assert "[1/h]" in ax.get_ylabel()
    ax.figure.canvas.draw()
    assert [label.get_text() for label in ax.get_xticklabels()] == ["10", "30", "100"]
    assert not ax.get_xticks(minor=True).size
    assert {"0.02", "0.05", "0.1"} <= {label.get_text() for label in ax.get_yticklabels()}


@pytest.mark.parametrize("errors", [{}, {"gnn": {}}, {"gnn": {"constrained": {}}}])
def test_no_error_at_all_says_so(errors):
    ax = plot_learning_curves(errors)
    assert [text.get_text() for text in ax.texts] == ["no errors to show"]
    ax.figure.canvas.draw()


def test_sizes_are_whole_numbers():
    with pytest.raises(InputError, match=r"`errors\['gnn'\]\['soft'\]` has no whole number of samples .*'ten'"):
        plot_learning_curves({"gnn": {"soft": {"ten": {"median": 1.0, "min": 1.0, "max": 1.0}}}})


def test_a_single_seed_of_a_single_size_can_be_seen():
    ax = plot_learning_curves({"mean": {"unconstrained": points(0.2)}})
    ax.figure.canvas.draw()
    (line,) = ax.lines
    assert line.get_marker() == "o"
    low, high = ax.get_ylim()
    assert low < 0.1 < 0.6 < high
    assert np.isfinite(ax.get_xlim()).all()
