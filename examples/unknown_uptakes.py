"""Predict growth on media of which only the nutrients are known, and compare with regressions on the same inputs.

A simulated cell takes up ten sugars and acids, with unknown largest uptakes of these and of O2. Its growth is measured
on 110 media of one to four of them, with 5 % noise. The predictor learns uptakes from growth alone. Test it by
ten-fold cross-validation, and on substrates that are in no training medium.

    python examples/unknown_uptakes.py            # minutes
    python examples/unknown_uptakes.py --quick    # fewer media, two folds, one substrate, little training
    python examples/unknown_uptakes.py --model iJO1366    # twenty fits of about two minutes
"""

import argparse
import time
from typing import Any

import numpy as np
import pandas as pd
from sklearn.linear_model import LinearRegression, RidgeCV
from sklearn.model_selection import KFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler

from metagnn import FluxPredictor, MetabolicNetwork, load_network, simulate_fluxes

CARBONS = {
    "EX_glc__D_e": 6, "EX_fru_e": 6, "EX_ac_e": 2, "EX_lac__D_e": 3, "EX_mal__L_e": 4, "EX_succ_e": 4, "EX_fum_e": 4,
    "EX_akg_e": 5, "EX_pyr_e": 3, "EX_glu__L_e": 5,
}  # fmt: skip
O2 = "EX_o2_e"
CARBON_UPTAKE, SPREAD, O2_UPTAKE, NOISE = 18.0, 0.3, 15.0, 0.05
"""Typical uptake [mmol C/gDW/h], standard deviation of its logarithm, limit of O2 [mmol/gDW/h], noise of growth."""

REGRESSIONS = {
    "linear": LinearRegression(),
    "quadratic_ridge": make_pipeline(
        PolynomialFeatures(2, include_bias=False), StandardScaler(), RidgeCV(np.logspace(-4, 4, 17))
    ),
}


def hidden_cell(model: str, count: int, seed: int) -> tuple[MetabolicNetwork, pd.DataFrame, np.ndarray, np.ndarray]:
    """Return the network without the substrates, media (0 or 1), measured growth, and growth without noise."""
    whole = load_network(model)
    network = whole.with_medium({name: uptake for name, uptake in whole.medium().items() if name not in CARBONS})
    rng, names = np.random.default_rng(seed), list(CARBONS)
    uptakes = CARBON_UPTAKE / np.array(list(CARBONS.values())) * np.exp(SPREAD * rng.standard_normal(len(names)))
    held = np.zeros((3 * count, len(names)))
    for row in held:
        row[rng.choice(len(names), rng.integers(1, 5), replace=False)] = 1
    limits = pd.DataFrame(held * uptakes, columns=names).assign(**{O2: O2_UPTAKE})
    growth = simulate_fluxes(network, limits, "fba").growth.to_numpy()
    grows = np.flatnonzero(growth > 1e-6)[:count]
    media, truth = pd.DataFrame(held[grows], columns=names).assign(**{O2: 1.0}), growth[grows]
    return network, media, truth * (1 + NOISE * rng.standard_normal(len(truth))), truth


def main(quick: bool = False, seed: int = 0, model: str = "e_coli_core") -> dict[str, Any]:
    """Print and return Q² of growth by split and model, from predictions of rows outside the training set."""
    started = time.perf_counter()
    network, media, growth, truth = hidden_cell(model, 40 if quick else 110, seed)
    name = network.growth_reaction

    def predict(contestant: str, train: np.ndarray, test: np.ndarray) -> np.ndarray:
        if contestant in REGRESSIONS:
            return np.asarray(REGRESSIONS[contestant].fit(media.iloc[train], growth[train]).predict(media.iloc[test]))
        predictor = FluxPredictor(network, inputs="present", seed=seed)
        if quick:
            predictor.set_params(training__epochs=40)
        predictor.fit(media.iloc[train], pd.Series(growth[train], train), progress=False)
        return predictor.predict(media.iloc[test])[name].to_numpy()

    held = media[list(CARBONS)[: 1 if quick else None]].to_numpy().T > 0
    splits = {
        "folds": list(KFold(2 if quick else 10, shuffle=True, random_state=seed).split(media)),
        "unseen substrate": [(np.flatnonzero(~row), np.flatnonzero(row)) for row in held],
    }
    limit = float(1 - np.square(growth - truth).sum() / np.square(growth - growth.mean()).sum())
    scores: dict[str, Any] = {"noise_limit": limit}
    print(f"{len(media)} media; Q² of the growth without noise: {limit:.4f}")
    for split, parts in splits.items():
        scores[split] = {}
        observed = np.concatenate([growth[test] for _, test in parts])
        for contestant in ("medium_gnn", *REGRESSIONS):
            error = observed - np.concatenate([predict(contestant, train, test) for train, test in parts])
            score = float(1 - np.square(error).sum() / np.square(observed - observed.mean()).sum())
            scores[split][contestant] = score
            print(f"{split:<18}{contestant:<18}{score:>9.4f}", flush=True)
    print(f"{time.perf_counter() - started:.0f} s")
    return scores


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--model", default="e_coli_core")
    main(**vars(parser.parse_args()))
