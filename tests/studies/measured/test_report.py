from typing import Any

from metagnn.studies.measured.report import main_metric, measured_tables


def score(value: float | None, low: float | None = None, high: float | None = None) -> dict[str, float | None]:
    return {"median": value, "min": value if low is None else low, "max": value if high is None else high}


RESULTS: dict[str, Any] = {
    "settings": {"seeds": [0, 1, 2]},
    "sets": {
        "fluxes": {
            "split": {
                "rival": {"normalised_error": score(0.2), "coverage": score(None), "error of acetate": score(0.3)},
                "ours": {
                    "normalised_error": score(0.1, 0.09, 0.12),
                    "coverage": score(0.9),
                    "error of acetate": score(0.05),
                },
                "silent": {"normalised_error": score(None), "coverage": score(None), "error of acetate": score(None)},
            }
        },
        "curves": {"last": {"rival": {"pooled_r2": score(-12.5), "curve_r2": score(None)}}},
    },
}


def test_every_split_has_a_table_and_groups_one_more() -> None:
    scores, groups, curves = measured_tables(RESULTS)
    assert scores.title == "fluxes, split (median over 3 seeds, first with its range)"
    assert scores.header == ("model", "NE", "coverage")
    assert scores.rows == (("rival", "0.200", "–"), ("ours", "0.100 (0.090 – 0.120)", "90.0%"))
    assert groups.header == ("model", "acetate")
    assert groups.rows[1] == ("ours", "0.050")
    assert curves.header == ("model", "R² pooled")
    assert curves.rows == (("rival", "-12.50"),)


def test_a_split_is_judged_by_what_was_measured() -> None:
    assert main_metric(RESULTS["sets"]["curves"]["last"]) == "pooled_r2"
    assert main_metric(RESULTS["sets"]["fluxes"]["split"]) == "normalised_error"
