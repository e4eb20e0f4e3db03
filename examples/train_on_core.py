"""Train a graph network on fluxes of e_coli_core and test it on unseen media.

Takes a minute; use `--train 30 --epochs 20` for a quick test.

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

# Range of the largest uptake of every substrate [mmol/gDW/h]. Other exchanges keep the bounds of the model.
RANGES = {
    "EX_glc__D_e": (0.0, 10.0),
    "EX_gln__L_e": (0.0, 10.0),
    "EX_glu__L_e": (0.0, 10.0),
    "EX_lac__D_e": (0.0, 10.0),
    "EX_o2_e": (0.0, 20.0),
}
# Do not score fluxes with a smaller standard deviation [mmol/gDW/h].
VARIES = 0.01
PENALTIES = np.logspace(-6, 3, 19)


def labelled_media(network: MetabolicNetwork, samples: int, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Draw random media and simulate their fluxes by flux balance analysis."""
    media = uniform_media(RANGES, samples, seed)
    # Take the optimum of least norm: unlike that of plain FBA, it is unique, so it can be learned.
    labels = simulate_fluxes(network, media, method="min_norm")
    # Leave out media that cannot meet the maintenance demand, about one in a hundred: they have no fluxes.
    return media[labels.feasible], labels.fluxes[labels.feasible]


def score(
    network: MetabolicNetwork, media: pd.DataFrame, observed: np.ndarray, predicted: np.ndarray
) -> dict[str, float]:
    """Compute R² of growth, of the median flux and of the 10 % quantile, and violations of S·v = 0 and bounds."""
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
    """Train and predict; print and return a table of scores, one row per model."""
    network = load_network("e_coli_core")
    media, fluxes = labelled_media(network, train, seed)
    new_media, new_fluxes = labelled_media(network, test, seed + 1_000_000)

    # A user needs only these lines: tables in, tables out.
    model = FluxPredictor(network, seed=seed, training=TrainingConfig(epochs=epochs))
    started = time.perf_counter()
    model.fit(media, fluxes)
    print(f"trained on {len(media)} media in {time.perf_counter() - started:.1f} s")
    predictions = {"flux_gnn": model.predict(new_media).to_numpy()}

    # Baselines that use neither stoichiometry nor bounds. Their predictions are linear combinations of steady states,
    # and so balanced, but they violate bounds.
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
