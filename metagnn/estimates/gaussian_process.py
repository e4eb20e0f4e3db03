"""GaussianProcessEstimate: a Gaussian process whose targets share one kernel."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel, DotProduct, WhiteKernel

from metagnn.estimates.design import Scaling, shared_columns
from metagnn.estimates.estimate import AbstractEstimate, AbstractFittedEstimate, Guess
from metagnn.estimates.known_samples import KnownSamples
from metagnn.estimates.observations import Observations

LENGTHS = (1.0, 2.0, 4.0, 8.0)
"""Length scales that are tried, times the root of the number of varying columns / 2."""

NOISES = (1e-3, 1e-2, 3e-2, 0.1, 0.3, 1.0)
"""Variances of the noise that are tried, relative to that of a target."""

MOST_TRIED = 200
"""Rows that the kernel is chosen on."""

MOST_ROWS = 1000
"""Rows that the process holds: evenly chosen ones of more. It costs their cube."""


@dataclass(frozen=True)
class GaussianProcessEstimate(AbstractEstimate):
    """A process with a linear and a squared-exponential part; length and noise are those of the largest evidence.

    All targets, each scaled to unit deviation, share the kernel, which is chosen from a grid: the same rows give the
    same process everywhere. Gaps are filled by the mean of the target.

    Attributes:
        name: How it is called in results.
        columns: What it reads, as in `shared_columns`; scaled to unit deviation.
        linear: Variance of the linear part relative to the other.
    """

    name: str = "process"
    columns: tuple[str, ...] = ("inputs",)
    linear: float = 0.0

    def fit(self, known: KnownSamples, observed: np.ndarray, weight: np.ndarray | None) -> FittedProcess:
        """See the base class."""
        seen = Observations.of(observed, weight)
        rows = np.flatnonzero((seen.weight > 0).any(axis=1))
        if len(rows) > MOST_ROWS:
            rows = rows[np.linspace(0, len(rows) - 1, MOST_ROWS).round().astype(int)]
        known, observed = known.rows(rows), observed[rows]
        columns = shared_columns(known, self.columns)
        scaling = Scaling.of(columns)
        places = scaling.apply(columns)
        seen = Observations.of(observed, None if weight is None else weight[rows])
        mean = seen.mean()
        spread = Scaling.of(np.where(seen.weight > 0, observed, np.nan)).scale
        scaled = np.where(seen.weight > 0, (seen.values - np.nan_to_num(mean)) / spread, 0.0)
        varying = np.flatnonzero(np.isfinite(spread) & (seen.count > 1))
        process = None if not len(varying) or len(rows) < 2 else self._process(places, scaled[:, varying])
        return FittedProcess(self, scaling, mean, spread, varying, process)

    def _process(self, places: np.ndarray, scaled: np.ndarray) -> GaussianProcessRegressor:
        """Choose the kernel on few rows and principal components, and condition it on all."""
        tried = np.linspace(0, len(places) - 1, min(MOST_TRIED, len(places))).round().astype(int)
        few, said = places[tried], scaled[tried]
        if said.shape[1] > len(tried):
            # The evidence depends on the targets through their products over rows alone.
            left, values, _ = np.linalg.svd(said, full_matrices=False)
            said = left * values
        width = np.sqrt(max(int((places != 0).any(axis=0).sum()), 1) / 2.0)
        best: tuple[float, object] = (-np.inf, None)
        for length, noise in itertools.product(LENGTHS, NOISES):
            kernel = self._kernel(length * width, noise)
            evidence = _evidence(kernel(few), said)
            if evidence > best[0]:
                best = (evidence, kernel)
        return GaussianProcessRegressor(best[1], alpha=1e-8, optimizer=None).fit(places, scaled)

    def _kernel(self, length: float, noise: float) -> object:
        kernel = RBF(length) + WhiteKernel(noise)
        return kernel + ConstantKernel(self.linear) * DotProduct(1e-3) if self.linear else kernel


def _evidence(covariance: np.ndarray, scaled: np.ndarray) -> float:
    """Log density of targets that share a covariance and have a variance of their own in common, up to a constant."""
    factor = np.linalg.cholesky(covariance + 1e-8 * np.eye(len(covariance)))
    solved = np.linalg.solve(factor, scaled)
    variance = max(float((solved**2).mean()), 1e-12)
    return -scaled.shape[1] * (float(np.log(np.diag(factor)).sum()) + 0.5 * len(scaled) * np.log(variance))


@dataclass(frozen=True, eq=False)
class FittedProcess(AbstractFittedEstimate):
    """The process of the targets that vary, and mean and scale of all."""

    settings: GaussianProcessEstimate
    scaling: Scaling
    mean: np.ndarray
    spread: np.ndarray
    varying: np.ndarray
    process: GaussianProcessRegressor | None

    def predict(self, known: KnownSamples) -> Guess:
        """See the base class."""
        shape = (len(known), len(self.mean))
        mean = np.broadcast_to(self.mean, shape).copy()
        deviation = np.broadcast_to(np.where(np.isfinite(self.spread), self.spread, 0.0), shape).copy()
        if self.process is not None:
            places = self.scaling.apply(shared_columns(known, self.settings.columns))
            said, spread = self.process.predict(places, return_std=True)
            said, spread = said.reshape(len(known), -1), spread.reshape(len(known), -1)
            scale = self.spread[self.varying]
            mean[:, self.varying] += said * scale
            deviation[:, self.varying] = spread * scale
        return Guess(mean, deviation)
