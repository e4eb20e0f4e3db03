from typing import Any

from metagnn.studies.extrapolation.report import extrapolation_tables, first_models
from metagnn.studies.harness.scores import UNSEEN_METRICS


def score(median: float | None, spread: float = 0.0) -> dict[str, float | None]:
    if median is None:
        return dict.fromkeys(("median", "min", "max"))
    return {"median": median, "min": median - spread, "max": median + spread}


def test_first_is_the_best_learned_and_who_reaches_it() -> None:
    models: dict[str, Any] = {
        "fba": {"growth_q2": score(1.0)},
        "a": {"growth_q2": score(0.99)},
        "b": {"growth_q2": score(0.98, 0.02)},
        "c": {"growth_q2": score(0.9, 0.01)},
        "d": {"growth_q2": score(None)},
    }
    assert first_models(models, "growth_q2") == ("a", "b")
    assert first_models({"fba": models["fba"], "d": models["d"]}, "growth_q2") == ()


def test_tables_are_rectangular_and_leave_out_who_says_nothing() -> None:
    models = {
        "flux_gnn_polytope": {metric: score(0.9, 0.05) for metric in UNSEEN_METRICS},
        "ridge": {metric: score(None) for metric in UNSEEN_METRICS} | {"growth_q2": score(0.5)},
    }
    split = {"held_out": ["a", "b"], "train_media": [100, 120], "test_media": [200, 180]}
    settings = {"seeds": [0, 1], "splits": {"random": split}}
    tables = list(extrapolation_tables({"growth_only": {"random": models}, "settings": settings}))
    assert all(len(row) == len(table.header) for table in tables for row in table.rows)
    assert tables[0].rows == (("random", "a; b", "100 – 120", "180 – 200"),)
    growth, median, laws = tables[1:]
    assert [row[0] for row in growth.rows] == ["flux_gnn_polytope", "", "ridge", ""]
    assert growth.rows[0][1] == "0.9000 *"
    assert [row[0] for row in median.rows] == ["flux_gnn_polytope", ""]
    assert [row[0] for row in laws.rows] == ["flux_gnn_polytope"]
