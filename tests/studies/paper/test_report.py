from pathlib import Path
from typing import Any

import pytest

from metagnn.studies.paper.report import FLUX_COLUMNS, result_tables


def fluxes(value: float) -> dict[str, dict[str, float]]:
    return {key: {"median": value, "min": value / 2, "max": 2 * value} for key in FLUX_COLUMNS}


def co2(value: float, **more: int) -> dict[str, float]:
    names = ("median_relative_error", "mean_relative_error", "p90_relative_error")
    errors = {name: value * factor for name, factor in zip(names, (1, 2, 3), strict=True)}
    ranges = {f"{name}_{side}": e * f for name, e in errors.items() for side, f in (("min", 0.5), ("max", 1.5))}
    return errors | ranges | more


def results(seeds: int = 3) -> dict[str, Any]:
    names = ("internal_fluxes.labelled", "unseen_media", "composition", "less_data")
    hidden = ("known", "known_without_h2o_h_pi", "unknown_composition")
    settings = {name: {"seeds": list(range(seeds))} for name in (*names, *(f"hidden_co2.{name}" for name in hidden))}
    content = {
        "true": 42.5,
        "flux_gnn": {
            "estimates": [41.0, 43.0],
            "median_relative_error": 0.0125,
            "p95_relative_error": 0.034,
            "covered_90": 0.5,
            "steps": 150,
            "median_change_with_start": 0.001,
            "largest_change_with_start": 0.002,
        },
        "wls": {"estimates": [42.0, 43.0], "median_relative_error": 0.02, "p95_relative_error": 0.06},
        "ratio_to_wls": {"median": 0.625, "low": 0.5, "high": 0.75},
    }
    return {
        "settings": {"experiments": settings},
        "internal_fluxes": {"labelled": {"ridge": fluxes(0.5)}, "unlabelled": {"flux_gnn": fluxes(0.25)}},
        "unseen_media": {"ridge": fluxes(0.125)},
        "hidden_co2": {
            name: {"flux_gnn": co2(0.02, steps=150), "reconciliation": co2(0.04, steps=0)} for name in hidden
        },
        "composition": {"alpha": content, "beta": content | {"true": 5.4}},
        "less_data": {
            "flux_gnn": {"constrained": {n: {"median": 0.01, "min": 0.005, "max": 0.02} for n in ("10", "100")}},
            "balance_mlp": {"carbon_only": {n: {"median": 0.03, "min": 0.02, "max": 0.04} for n in ("10", "100")}},
        },
    }


def test_every_row_matches_its_header(whole: tuple[Path, dict[str, Any]]) -> None:
    for source in (results(), results(1), whole[1]):
        tables = list(result_tables(source))
        assert len(tables) == 9
        for table in tables:
            assert table.rows
            assert {len(row) for row in table.rows} == {len(table.header)}
            assert all(isinstance(cell, str) for row in (*table.rows, table.header) for cell in row)
            assert "nan" not in str(table.rows)


def test_fluxes_are_medians_with_their_ranges_below() -> None:
    labelled, unseen, unlabelled = list(result_tables(results()))[:3]
    assert labelled.title.endswith("(3 seeds: median, and range)")
    assert labelled.header[:2] == ("model", "growth R²")
    assert [row[0] for row in labelled.rows] == ["ridge", ""]
    assert [row[1] for row in labelled.rows] == ["0.5000", "0.2500 – 1.0000"]
    assert unseen.rows[0][1] == "0.1250"
    assert unlabelled.rows[0][:2] == ("flux_gnn", "0.2500")
    assert unlabelled.rows[0][labelled.header.index("max |S·v|")] == "2.5e-01"


def test_one_seed_has_no_range() -> None:
    labelled = next(result_tables(results(1)))
    assert labelled.title.endswith("(1 seed)")
    assert [row[0] for row in labelled.rows] == ["ridge"]


def test_co2_stands_beside_reconciliation() -> None:
    tables = [table for table in result_tables(results()) if table.title.startswith("hidden CO2")]
    assert len(tables) == 3
    assert tables[0].title.endswith("(relative error, test samples; median of 3 seeds)")
    assert tables[0].rows == (
        ("flux_gnn", "2.00%", "1.00% – 3.00%", "4.00%", "6.00%", "0.50", "150"),
        ("reconciliation", "4.00%", "2.00% – 6.00%", "8.00%", "12.00%", "1.00", "–"),
    )


def test_composition_says_truth_repetitions_and_the_ratio() -> None:
    alpha, beta = (table for table in result_tables(results()) if "truth" in table.title)
    assert alpha.title == "alpha [mmol C/gDW], truth 42.5000; 2 repetitions; flux_gnn / wls 0.62 (0.50–0.75)"
    assert beta.title.startswith("beta [mmol N/gDW], truth 5.4000")
    assert alpha.rows == (
        ("flux_gnn", "1.25%", "3.40%", "0.10% / 0.20%", "50%", "150"),
        ("wls", "2.00%", "6.00%", "–", "–", "–"),
    )


def test_less_data_has_a_column_a_size() -> None:
    table = list(result_tables(results()))[-1]
    assert table.header == ("model", "10 samples", "100 samples")
    assert table.rows == (
        ("flux_gnn, constrained", "0.0100 (0.0050–0.0200)", "0.0100 (0.0050–0.0200)"),
        ("balance_mlp, carbon only", "0.0300 (0.0200–0.0400)", "0.0300 (0.0200–0.0400)"),
    )


@pytest.mark.parametrize("missing", ["internal_fluxes", "unseen_media", "hidden_co2", "composition", "less_data"])
def test_what_was_not_run_has_no_table(missing: str) -> None:
    partial = results()
    del partial[missing]
    lost = {"internal_fluxes": 2, "unseen_media": 1, "hidden_co2": 3, "composition": 2, "less_data": 1}[missing]
    assert len(list(result_tables(partial))) == 9 - lost
