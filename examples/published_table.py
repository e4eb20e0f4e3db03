"""Cross-validate growth on the media and folds of a published table, and compare with two regressions and FBA.

The table has one row per medium: `fold` (0, 1, …; blank or negative on held-out rows), `max_uptake:<exchange>` and
`flux:<reaction>` [mmol/gDW/h], as the 1000 media of Faure et al. 2023 (doi 10.1038/s41467-023-40380-0). The predictor
trains on growth only and predicts all fluxes, at steady state and within bounds. It learns that growth is maximal, as
in flux balance analysis, which made the labels.

    python examples/published_table.py TABLE.csv   # minutes; --folds 1 for a first impression
"""

import argparse
import dataclasses
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.linear_model import LinearRegression, RidgeCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler

from metagnn import FluxPredictor, MetabolicNetwork, TrainingConfig, load_network, read_table, simulate_fluxes
from metagnn.errors import TableError

# Few epochs and a batch size of 64 suffice for growth alone, with 800 training rows per fold.
TRAINING = TrainingConfig(epochs=60, batch_size=64, learning_rate=3e-3)


def rivals() -> dict[str, Any]:
    """Return simple regressions to compare with; they predict growth only."""
    quadratic = make_pipeline(
        StandardScaler(), PolynomialFeatures(2, include_bias=False), StandardScaler(), RidgeCV(np.logspace(-4, 4, 17))
    )
    return {"linear": LinearRegression(), "quadratic_ridge": quadratic}


def read_media(path: str | Path, network: MetabolicNetwork) -> tuple[pd.DataFrame, pd.DataFrame, np.ndarray]:
    """Read media, growth and fold of every row that belongs to a fold."""
    table = read_table(path)
    growth = f"flux:{network.growth_reaction}"
    media = table.filter(regex="^max_uptake:").rename(columns=lambda name: name.removeprefix("max_uptake:"))
    if "fold" not in table or growth not in table or media.empty:
        raise TableError(f"'{path}' lacks 'fold', 'max_uptake:…' or '{growth}'; expected all three")
    kept = (table["fold"] >= 0).to_numpy()  # False where it is blank, too
    target = table.loc[kept, [growth]].set_axis([network.growth_reaction], axis=1)
    return media[kept], target, table.loc[kept, "fold"].to_numpy(dtype=int)


def q2(observed: np.ndarray, predicted: np.ndarray) -> float:
    """Compute the predictive R², 1 − PRESS / SS, from predictions of rows outside the training set."""
    return float(1 - np.square(observed - predicted).sum() / np.square(observed - observed.mean()).sum())


def main(path: str | Path, folds: int = 5, epochs: int | None = None, constraint: str = "polytope") -> dict[str, Any]:
    """Cross-validate on the first folds; print and return Q² by model (pooled, by fold), worst residuals, seconds."""
    started = time.perf_counter()
    network = load_network("e_coli_core")
    media, growth, fold = read_media(path, network)
    training = TRAINING if epochs is None else dataclasses.replace(TRAINING, epochs=epochs)
    tested = np.unique(fold)[:folds]
    predicted = {name: np.full(len(fold), np.nan) for name in ("flux_gnn", "fba", *rivals())}
    predicted["fba"] = simulate_fluxes(network, media, "fba").growth.to_numpy()
    worst = {"max_abs_sv": 0.0, "max_bound_violation": 0.0}
    for number in tested:
        train, test = fold != number, fold == number
        model = FluxPredictor(network, inputs="max_uptake", constraint=constraint, training=training)
        model.fit(media[train], growth[train])
        predicted["flux_gnn"][test] = model.predict(media[test])[network.growth_reaction]
        laws = model.diagnose(media[test])
        worst = {name: max(value, float(laws[name].max())) for name, value in worst.items()}
        for name, rival in rivals().items():
            predicted[name][test] = rival.fit(media[train], growth[train].to_numpy()[:, 0]).predict(media[test])
        print(f"fold {number}: {test.sum()} media, {time.perf_counter() - started:.0f} s so far", flush=True)
    observed, pooled = growth.to_numpy()[:, 0], np.isin(fold, tested)
    scores: dict[str, dict[str, Any]] = {
        name: {
            "pooled": q2(observed[pooled], values[pooled]),
            "folds": [q2(observed[fold == number], values[fold == number]) for number in tested],
        }
        for name, values in predicted.items()
    }
    print(f"\n{'growth Q²':<18}{'pooled':>9}  by fold")
    for name, score in scores.items():
        print(f"{name:<18}{score['pooled']:>9.5f}  {'  '.join(f'{value:.5f}' for value in score['folds'])}")
    seconds = time.perf_counter() - started
    imbalance, violation = worst["max_abs_sv"], worst["max_bound_violation"]
    print(f"max|S·v| {imbalance:.1e}, worst bound violation {violation:.2g} mmol/gDW/h, {seconds:.0f} s")
    return {"q2": scores, **worst, "seconds": seconds}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("path", help="the table (.csv or .parquet)")
    parser.add_argument("--folds", type=int, default=5, help="number of test folds (default 5)")
    parser.add_argument("--epochs", type=int, help=f"epochs of each fold (default {TRAINING.epochs})")
    parser.add_argument("--constraint", default="polytope", help="polytope (default), steady_state or soft")
    arguments = parser.parse_args()
    main(arguments.path, arguments.folds, arguments.epochs, arguments.constraint)
