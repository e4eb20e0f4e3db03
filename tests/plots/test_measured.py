from metagnn.plots.measured import METRICS, draw_measured


def score(value: float | None) -> dict[str, float | None]:
    return dict.fromkeys(("median", "min", "max"), value)


def test_every_split_has_a_panel_of_the_models_that_have_its_metric() -> None:
    models = {
        "k·q": {"normalised_error": score(0.2)},
        "ours": {"normalised_error": score(0.1)},
        "silent": {"normalised_error": score(None)},
    }
    curves = {"trees": {"normalised_error": score(None), "curve_r2": score(0.9)}}
    figure = draw_measured({"nanchen": {"a": models, "b": models}, "m28": {"c": curves}, "kayser": {"d": models}})
    shown = [ax for ax in figure.axes if ax.get_visible()]
    assert [ax.get_title() for ax in shown] == ["nanchen: a", "nanchen: b", "m28: c", "kayser: d"]
    assert [label.get_text() for label in shown[0].get_yticklabels()] == ["k·q", "ours"]
    assert shown[2].get_xlabel().startswith(METRICS["curve_r2"])
    assert len(figure.axes) == 6
