"""Rivals on measured fluxes: one-line estimates, regressions with and without flux balance analysis, and it alone."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import torch
from sklearn.exceptions import ConvergenceWarning
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel, WhiteKernel
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler

from metagnn.fba.law_errors import law_errors
from metagnn.nn.polytope import PolytopeProjection
from metagnn.studies.harness.measured_fluxes import MeasuredFluxes, inner_folds, relative_errors

PENALTIES = tuple(np.logspace(-3, 3, 7))
SHRINKAGE = (0.0, 1.0, 3.0, 10.0, 30.0, 100.0, 1000.0)
"""Penalties of the squared distance of a gain from 1 [(mmol/gDW/h)²] to choose from."""

NINETY = 1.6448536269514722
"""Half width of the 90 % interval of a normal distribution, in standard deviations."""

LEAST_DEVIATION = 1e-2
"""Smallest deviation that weighs an estimate when the nearest feasible flux is sought [mmol/gDW/h]."""

UNMEASURED = 1e-3
"""Weight of a flux without an estimate, relative to the least of those with one: of all that fit, the smallest."""


@dataclass(frozen=True, eq=False)
class FluxAnswer:
    """What a rival says of some samples.

    Attributes:
        targets: Shape `[samples, targets]` [mmol/gDW/h].
        fluxes: Every flux, shape `[samples, reactions]` [mmol/gDW/h]; None from a rival that knows no network.
        low: Lower ends of 90 % intervals of the targets; None from a rival without.
        high: Upper ends.
        all_low: Lower ends of every flux; None from a rival without.
        all_high: Upper ends.
        laws: Largest |S·v| and worst bound violation [mmol/gDW/h]; empty from a rival that knows no network.
        measurements: What instruments would show, where that is not the flux, in the shape of the targets.
        simple_error: Normalised error in training of the simple estimate that a predictor contains.
    """

    targets: np.ndarray
    fluxes: np.ndarray | None = None
    low: np.ndarray | None = None
    high: np.ndarray | None = None
    all_low: np.ndarray | None = None
    all_high: np.ndarray | None = None
    laws: dict[str, float] = field(default_factory=dict)
    measurements: np.ndarray | None = None
    simple_error: float | None = None


FittedFluxes = Callable[[MeasuredFluxes], FluxAnswer]
"""From samples, of which only the uptakes and the optima count, to fluxes."""

FluxRival = Callable[[MeasuredFluxes, int], FittedFluxes]
"""Learns from measured samples with a seed."""


def mean(train: MeasuredFluxes, seed: int) -> FittedFluxes:
    """Predict the mean of the training samples."""
    middle = train.targets.to_numpy().mean(axis=0)
    return lambda rows: FluxAnswer(np.tile(middle, (len(rows.uptakes), 1)))


def yields(train: MeasuredFluxes, seed: int) -> FittedFluxes:
    """Predict every flux as proportional to the carbon taken up, by least squares."""
    carbon, targets = train.carbon, train.targets.to_numpy()
    slope = carbon @ targets / (carbon @ carbon)
    return lambda rows: FluxAnswer(np.outer(rows.carbon, slope))


def ridge(train: MeasuredFluxes, seed: int, degree: int = 1) -> FittedFluxes:
    """Predict by ridge on the uptakes, or on their products too; the penalty is chosen on inner groups."""

    def fit(train: MeasuredFluxes, penalty: float) -> FittedFluxes:
        steps = (StandardScaler(), PolynomialFeatures(degree, include_bias=False), StandardScaler(), Ridge(penalty))
        model = make_pipeline(*steps).fit(train.uptakes.to_numpy(), train.targets.to_numpy())
        return lambda rows: FluxAnswer(model.predict(rows.uptakes.to_numpy()))

    return fit(train, _chosen(train, PENALTIES, fit))


def ridge_on_optimum(train: MeasuredFluxes, seed: int) -> FittedFluxes:
    """Predict every flux by ridge on the carbon taken up, its root, and the flux's own minimum-norm optimum."""

    def features(rows: MeasuredFluxes) -> np.ndarray:
        own = rows.optimum("min_norm")
        others = np.broadcast_to(np.stack([rows.carbon, np.sqrt(rows.carbon)], axis=1)[:, None, :], (*own.shape, 2))
        return np.concatenate([own[:, :, None], others], axis=2)

    def fit(train: MeasuredFluxes, penalty: float) -> FittedFluxes:
        x, y = features(train), train.targets.to_numpy()
        centre, middle = x.mean(axis=0), y.mean(axis=0)
        scale = np.where(x.std(axis=0) > 0, x.std(axis=0), 1.0)
        x = (x - centre) / scale
        # Every target has features of its own: all their normal equations at once.
        gram = np.einsum("nti,ntj->tij", x, x) + penalty * np.eye(x.shape[2])
        slopes = np.linalg.solve(gram, np.einsum("nti,nt->ti", x, y - middle)[:, :, None])[:, :, 0]
        return lambda rows: FluxAnswer(middle + np.einsum("nti,ti->nt", (features(rows) - centre) / scale, slopes))

    return fit(train, _chosen(train, PENALTIES, fit))


def process_on_yields(train: MeasuredFluxes, seed: int) -> FittedFluxes:
    """Predict yields, fluxes per carbon taken up, by a Gaussian process on the uptakes; it has intervals of its own."""
    scaler = StandardScaler().fit(train.uptakes.to_numpy())
    per_carbon = train.targets.to_numpy() / train.carbon[:, None]
    middle, spread = per_carbon.mean(axis=0), np.maximum(per_carbon.std(axis=0), 1e-9)
    kernel = ConstantKernel(1.0, (1e-2, 1e2)) * RBF(1.0, (0.1, 30.0)) + WhiteKernel(0.1, (1e-4, 10.0))
    process = GaussianProcessRegressor(kernel, n_restarts_optimizer=2, random_state=seed)
    with warnings.catch_warnings():
        # A length scale at the end of its range is a valid answer: the yields are constant, or change with a jump.
        warnings.simplefilter("ignore", ConvergenceWarning)
        process.fit(scaler.transform(train.uptakes.to_numpy()), (per_carbon - middle) / spread)

    def predict(rows: MeasuredFluxes) -> FluxAnswer:
        found, deviation = process.predict(scaler.transform(rows.uptakes.to_numpy()), return_std=True)
        shape = len(rows.uptakes), len(middle)
        targets = (found.reshape(shape) * spread + middle) * rows.carbon[:, None]
        half = NINETY * deviation.reshape(shape) * spread * rows.carbon[:, None]
        return FluxAnswer(targets, low=targets - half, high=targets + half)

    return predict


def optimum(train: MeasuredFluxes, seed: int, method: str) -> FittedFluxes:
    """Learn nothing, and answer by flux balance analysis."""

    def predict(rows: MeasuredFluxes) -> FluxAnswer:
        fluxes = rows.optima[method].to_numpy()
        return FluxAnswer(rows.optimum(method), fluxes, laws=_laws(rows, fluxes))

    return predict


def optimum_with_gains(train: MeasuredFluxes, seed: int) -> FittedFluxes:
    """Multiply every flux of the optimum by a gain of its own, shrunk to 1 as far as inner groups advise."""

    def fit(train: MeasuredFluxes, penalty: float) -> FittedFluxes:
        own, targets = train.optimum("min_norm"), train.targets.to_numpy()
        weight = np.square(own).sum(axis=0) + penalty
        gains = np.where(weight > 0, (own * targets).sum(axis=0) + penalty, 1.0) / np.where(weight > 0, weight, 1.0)
        return lambda rows: FluxAnswer(rows.optimum("min_norm") * gains)

    return fit(train, _chosen(train, SHRINKAGE, fit))


def mean_of(first: FluxRival, second: FluxRival, train: MeasuredFluxes, seed: int) -> FittedFluxes:
    """Predict the mean of two rivals."""
    both = first(train, seed), second(train, seed)
    return lambda rows: FluxAnswer((both[0](rows).targets + both[1](rows).targets) / 2)


def nearest_feasible(rival: FluxRival, train: MeasuredFluxes, seed: int) -> FittedFluxes:
    """Move what a rival predicts to the nearest flux at steady state and within bounds, weighted by its spread."""
    fitted, network = rival(train, seed), train.network
    at = [network.reaction_index(str(name)) for name in train.targets.columns]
    spread = np.maximum(train.targets.to_numpy().std(axis=0), LEAST_DEVIATION)
    layer = PolytopeProjection(network.stoichiometry)

    def predict(rows: MeasuredFluxes) -> FluxAnswer:
        targets = fitted(rows).targets
        bounds = network.uptake_bounds(list(rows.uptakes.columns), rows.uptakes.to_numpy())
        lower, upper = (torch.from_numpy(bound) for bound in bounds)
        goal, weight = np.zeros(lower.shape), np.full(lower.shape, UNMEASURED * (spread**-2).min())
        goal[:, at], weight[:, at] = targets, spread**-2
        found = layer.solve(torch.from_numpy(goal), lower, upper, torch.from_numpy(weight)).fluxes.numpy()
        fluxes = np.nan_to_num(network.own_fluxes(found))
        return FluxAnswer(fluxes[:, at], fluxes, laws=_laws(rows, fluxes))

    return predict


def _laws(rows: MeasuredFluxes, fluxes: np.ndarray) -> dict[str, float]:
    """Return the worst errors against the laws; a sample without an answer, all zero, counts for nothing."""
    network = rows.network
    answered = np.abs(fluxes).max(axis=1) > 0
    bounds = network.uptake_bounds(list(rows.uptakes.columns), rows.uptakes.to_numpy())
    lower, upper = (bound[answered] for bound in bounds)
    complete = network.further_constraints.complete(network.stoichiometry.to_scipy(), fluxes[answered])
    imbalance, violation = law_errors(network.stoichiometry.to_scipy(), complete, lower, upper)
    return {
        "max_abs_sv": float(imbalance.max(initial=0.0)),
        "max_bound_violation": float(violation.max(initial=0.0)),
    }


def _chosen(
    train: MeasuredFluxes, candidates: Sequence[float], fit: Callable[[MeasuredFluxes, float], FittedFluxes]
) -> float:
    """Return the candidate of the least normalised error on inner groups of the training samples."""
    errors = np.zeros(len(candidates))
    for inside, outside in inner_folds(train.groups):
        kept, held = train.rows(inside), train.rows(outside)
        for at, candidate in enumerate(candidates):
            guess = fit(kept, candidate)(held.unmeasured()).targets
            errors[at] += relative_errors(held.targets.to_numpy(), guess).sum()
    return candidates[int(errors.argmin())]


FLUX_RIVALS: dict[str, FluxRival] = {
    "mean": mean,
    "k·q": yields,
    "ridge": ridge,
    "quadratic ridge": partial(ridge, degree=2),
    "ridge on q, √q, FBA": ridge_on_optimum,
    "GP on yields": process_on_yields,
    "GP, nearest feasible": partial(nearest_feasible, process_on_yields),
    "pFBA": partial(optimum, method="pfba"),
    "min-norm FBA": partial(optimum, method="min_norm"),
    "FBA × gain": optimum_with_gains,
    "FBA × gain with GP": partial(mean_of, optimum_with_gains, process_on_yields),
}
"""Every rival by its name."""
