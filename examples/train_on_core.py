"""Train a graph network on the fluxes of e_coli_core, and see how well it does on media it has never seen.

Takes a minute; `--train 30 --epochs 20` is enough to see that it runs.

    python examples/train_on_core.py
    python examples/train_on_core.py --train 1000 --epochs 50
"""

import argparse
import time

import numpy as np
import pandas as pd
from sklearn.dummy import DummyRegressor
from sklearn.linear_model import RidgeCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler

from metagnn import FluxPredictor, MetabolicNetwork, TrainingConfig, load_network, simulate_fluxes, uniform_media
from metagnn.training import r2_per_flux

# Largest uptake of every substrate, from and to [mmol/gDW/h]. Exchanges that are not named keep the model's bounds.
RANGES = {
    "EX_glc__D_e": (0.0, 10.0),
    "EX_gln__L_e": (0.0, 10.0),
    "EX_glu__L_e": (0.0, 10.0),
    "EX_lac__D_e": (0.0, 10.0),
    "EX_o2_e": (0.0, 20.0),
}
# Fluxes that hardly move say nothing about a model; below this deviation they do not count [mmol/gDW/h].
VARIES = 0.01
PENALTIES = np.logspace(-6, 3, 19)


def labelled_media(network: MetabolicNetwork, samples: int, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Random media, and the fluxes that flux balance analysis gives them."""
    media = uniform_media(RANGES, samples, seed)
    # Of all fluxes of optimal growth the one of least norm: unlike plain FBA's, it is unique, so it can be learned.
    labels = simulate_fluxes(network, media, method="min_norm")
    # About one medium in a hundred cannot even pay for maintenance: it has no flux, and nothing to learn.
    return media[labels.feasible], labels.fluxes[labels.feasible]


def score(
    network: MetabolicNetwork, media: pd.DataFrame, observed: np.ndarray, predicted: np.ndarray
) -> dict[str, float]:
    """R² of growth, of the median flux and at the 10 % quantile; how far S·v = 0 and the bounds are missed."""
    r2 = r2_per_flux(observed, predicted)
    varying = r2[observed.std(axis=0) > VARIES]
    lower, upper = network.uptake_bounds(media.columns.to_list(), media.to_numpy())
    return {
        "growth_r2": float(r2[network.reaction_index(network.growth_reaction)]),
        "median_flux_r2": float(np.median(varying)),
        "q10_flux_r2": float(np.quantile(varying, 0.1)),
        "max_abs_sv": float(np.abs(network.stoichiometry.to_scipy() @ predicted.T).max()),
        "max_bound_violation": float(np.maximum(lower - predicted, predicted - upper).max(initial=0.0)),
    }


def main(train: int = 100, test: int = 500, epochs: int = 200, seed: int = 0) -> pd.DataFrame:
    """Train, predict, print a table; its rows are models, its columns scores."""
    network = load_network("e_coli_core")
    media, fluxes = labelled_media(network, train, seed)
    new_media, new_fluxes = labelled_media(network, test, seed + 1_000_000)

    # All that a user has to do: tables in, tables out.
    model = FluxPredictor(network, seed=seed, training=TrainingConfig(epochs=epochs))
    started = time.perf_counter()
    model.fit(media, fluxes)
    print(f"trained on {len(media)} media in {time.perf_counter() - started:.1f} s")
    predictions = {"flux_gnn": model.predict(new_media).to_numpy()}

    # What it has to beat. These know neither stoichiometry nor bounds. Linear combinations of steady states are
    # steady states themselves, though, so they are balanced for free; what they break is the bounds.
    rivals = {
        "mean": DummyRegressor(),
        "ridge": make_pipeline(StandardScaler(), RidgeCV(PENALTIES)),
        "quadratic_ridge": make_pipeline(StandardScaler(), PolynomialFeatures(2), StandardScaler(), RidgeCV(PENALTIES)),
    }
    for name, rival in rivals.items():
        predictions[name] = rival.fit(media, fluxes).predict(new_media)

    observed = new_fluxes.to_numpy()
    table = pd.DataFrame({name: score(network, new_media, observed, found) for name, found in predictions.items()}).T
    print(f"\non {len(new_media)} media never seen (residuals in mmol/gDW/h):")
    print(table.to_string(float_format=lambda value: f"{value:.2g}" if abs(value) < 1e-3 else f"{value:.4f}"))
    return table


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--train", type=int, default=100, help="training media (default 100)")
    parser.add_argument("--test", type=int, default=500, help="test media (default 500)")
    parser.add_argument("--epochs", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    main(arguments.train, arguments.test, arguments.epochs, arguments.seed)
