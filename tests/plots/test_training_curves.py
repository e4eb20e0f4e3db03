import numpy as np
import pandas as pd
import pytest

from metagnn.errors import InputError
from metagnn.plots import plot_training_curves

HISTORY = pd.DataFrame(
    {
        "epoch": [0, 1, 2, 3],
        "loss": [5.0, 2.0, 1.0, 0.5],
        "flux_error": [1.0, 0.5, 0.2, 0.1],
        "steady_state": [4.0, 1.5, 0.0, 0.0],
        "validation_flux_error": [2.0, 1.0, np.nan, 0.5],
    }
)


def lines(ax) -> dict:
    return {line.get_label(): line for line in ax.lines}


def test_every_term_is_a_line_of_its_values():
    ax = plot_training_curves(HISTORY)
    drawn = lines(ax)
    expected = {
        "weighted sum": "loss",
        "flux error": "flux_error",
        "steady state": "steady_state",
        "flux error, validation": "validation_flux_error",
    }
    assert drawn.keys() == expected.keys()
    for label, column in expected.items():
        np.testing.assert_array_equal(drawn[label].get_xdata(), HISTORY["epoch"])
        np.testing.assert_array_equal(drawn[label].get_ydata(), HISTORY[column])
    assert ax.get_yscale() == "log"
    assert ax.get_xlabel() == "Epoch"
    assert "(mmol/gDW/h)²" in ax.get_ylabel()


def test_validation_has_the_colour_of_its_term():
    drawn = lines(plot_training_curves(HISTORY))
    assert drawn["flux error"].get_color() == drawn["flux error, validation"].get_color()
    assert drawn["flux error"].get_color() != drawn["steady state"].get_color()
    assert (drawn["flux error"].get_linestyle(), drawn["flux error, validation"].get_linestyle()) == ("-", "--")


def test_what_cannot_be_drawn_is_named():
    history = HISTORY.assign(bound_violation=0.0, carbon_balance=np.nan)
    ax = plot_training_curves(history)
    assert {"bound violation: 0 throughout", "carbon balance: not recorded"} < lines(ax).keys()
    ax.figure.canvas.draw()


@pytest.mark.parametrize(
    "history", [HISTORY.iloc[:0], HISTORY[["epoch"]], HISTORY.assign(**dict.fromkeys(HISTORY.columns[1:], 0.0))]
)
def test_a_history_of_nothing_says_so(history):
    ax = plot_training_curves(history)
    assert [text.get_text() for text in ax.texts] == ["nothing above zero to show"]
    ax.figure.canvas.draw()


def test_a_single_epoch_can_be_seen():
    assert {line.get_marker() for line in plot_training_curves(HISTORY.iloc[:1]).lines} == {"o"}


def test_what_is_no_history_is_refused():
    with pytest.raises(InputError, match="`history` has no column 'epoch'"):
        plot_training_curves(pd.DataFrame())
    with pytest.raises(InputError, match="`history` holds text in column 'loss'"):
        plot_training_curves(pd.DataFrame({"epoch": [0], "loss": ["low"]}))
