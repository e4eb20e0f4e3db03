import pytest

from metagnn.errors import InputError
from metagnn.plots.extrapolation import draw_extrapolation, plot_extrapolation


def score(median: float | None) -> dict[str, float | None]:
    return dict.fromkeys(("median", "min", "max"), median)


SPLITS = {
    "random": {"a": {"growth_q2": score(0.999)}, "b": {"growth_q2": score(-2.5)}, "c": {"growth_q2": score(None)}},
    "few_to_many": {"a": {"growth_q2": score(0.5)}, "b": {"growth_q2": score(0.25)}, "c": {"growth_q2": score(None)}},
}


def test_every_score_is_written_in_its_cell() -> None:
    ax = plot_extrapolation(SPLITS)
    texts = {tuple(map(round, text.get_position())): text.get_text() for text in ax.texts}
    assert texts == {(0, 0): ".9990", (0, 1): "−2.5", (1, 0): ".5000", (1, 1): ".2500"}
    assert [label.get_text() for label in ax.get_yticklabels()] == ["a", "b"]
    assert [label.get_text() for label in ax.get_xticklabels()] == ["random", "few\nto\nmany"]


def test_colour_counts_nines() -> None:
    (image,) = plot_extrapolation(SPLITS).images
    values = image.get_array()
    assert values[0, 0] == pytest.approx(3.0)
    assert values[1, 0] == pytest.approx(0.0)
    assert values[0, 1] > values[1, 1] > values[1, 0]


def test_a_range_is_shown_where_there_is_one() -> None:
    wide = {"random": {"a": {"growth_q2": {"median": 0.9, "min": -0.5, "max": 0.95}}}}
    (text,) = plot_extrapolation(wide).texts
    assert text.get_text() == ".9000\n−.5 to .9500"


def test_nothing_to_show_and_bad_input() -> None:
    (text,) = plot_extrapolation({"random": {"c": {"growth_q2": score(None)}}}).texts
    assert text.get_text() == "no scores to show"
    with pytest.raises(InputError, match="`metric` is 'max_abs_sv'; expected one of growth_q2"):
        plot_extrapolation(SPLITS, metric="max_abs_sv")


def test_the_figure_has_a_row_for_every_setting() -> None:
    both = {
        split: {m: s | {"median_flux_q2": score(0.5)} for m, s in models.items()} for split, models in SPLITS.items()
    }
    assert len(draw_extrapolation({"labelled": both, "growth_only": both, "settings": {}}).axes) == 4
    assert len(draw_extrapolation({"growth_only": both}).axes) == 2


def test_the_figure_says_what_its_colours_mean() -> None:
    scores = {"a": {metric: score(0.5) for metric in ("growth_q2", "median_flux_q2")}}
    assert ".999 or more" in draw_extrapolation({"labelled": {"random": scores}}).get_supxlabel()
