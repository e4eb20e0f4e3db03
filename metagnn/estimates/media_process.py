"""ProcessEstimate: a Gaussian process with a linear and a squared-exponential kernel, for all targets at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from metagnn.estimates.design import Scaling
from metagnn.estimates.estimate import AbstractEstimate, AbstractFittedEstimate, Guess
from metagnn.estimates.known_samples import KnownSamples
from metagnn.estimates.observations import Observations

LENGTHS = (0.5, 1.0, 2.0, 4.0)
"""Length scales of the squared exponential, where the typical distance of two samples is about one in every block."""

SLOPES = (0.0, 0.1, 0.3, 1.0, 3.0, 10.0)
"""Variance of the linear kernel relative to that of the squared exponential."""

NOISES = tuple(np.logspace(-2.5, 1.5, 15).tolist())
"""Variance of the noise relative to that of the squared exponential."""


@dataclass(frozen=True)
class ProcessEstimate(AbstractEstimate):
    """Chooses kernel and noise of every target by the largest marginal likelihood on a grid.

    One eigendecomposition of a kernel serves every noise and target, so that a grid costs less than one gradient search
    (Rasmussen and Williams 2006, Gaussian Processes for Machine Learning, 5.4.1). Columns are scaled; descriptors with
    further features, and inputs, are two blocks of the same total weight.

    Attributes:
        name: How it is called in results.
        lengths: Length scales of the squared exponential; none for a linear model.
    """

    lengths: tuple[float, ...] = LENGTHS

    def fit(self, known: KnownSamples, observed: np.ndarray, weight: np.ndarray | None) -> FittedProcess:
        """See the base class."""
        blocks = tuple(Scaling.of(part) for part in _parts(known))
        X = _columns(known, blocks)
        seen = Observations.of(observed, weight)
        centre = seen.mean()
        scale = np.maximum(seen.deviation(np.broadcast_to(np.nan_to_num(centre), observed.shape)), 1e-12)
        y = np.where(seen.weight > 0, (seen.values - np.nan_to_num(centre)) / scale, 0.0)
        targets = []
        # Targets with gaps in the same rows and with the same weights share their kernels.
        patterns, which = np.unique(seen.weight.T, axis=0, return_inverse=True)
        fitted: dict[int, _Posterior] = {}
        for pattern, root in enumerate(np.sqrt(patterns)):
            columns = np.flatnonzero(which.reshape(-1) == pattern)
            for column, posterior in zip(columns, self._fit_targets(X, y[:, columns], root), strict=True):
                fitted[int(column)] = posterior
        targets = [fitted[column] for column in range(observed.shape[1])]
        return FittedProcess(blocks, X, centre, scale, tuple(targets))

    def _fit_targets(self, X: np.ndarray, y: np.ndarray, root: np.ndarray) -> list[_Posterior]:
        """Posteriors of targets that share weights, whose roots are given, shape `[samples]`."""
        rows = np.flatnonzero(root > 0)
        X, y, root = X[rows], y[rows], root[rows, None]
        best = np.full(y.shape[1], -np.inf)
        found: list[_Posterior] = [_Posterior((None, 1.0), 1.0, rows, root[:, 0], np.zeros(0), *_NOTHING)] * y.shape[1]
        if not len(rows):
            return found
        for kernel in self._kernels():
            values, vectors = np.linalg.eigh(_kernel(kernel, X, X) * root * root.T)
            values = np.maximum(values, 0.0)
            turned = vectors.T @ (y * root)
            for noise in NOISES:
                spread = values + noise
                variance = np.maximum((turned**2 / spread[:, None]).mean(axis=0), 1e-12)
                likelihood = -0.5 * len(rows) * np.log(variance) - 0.5 * np.log(spread).sum()
                for target in np.flatnonzero(likelihood > best + 1e-9):
                    weights = vectors @ (turned[:, target] / spread)
                    found[target] = _Posterior(
                        kernel, noise, rows, root[:, 0], weights, vectors, spread, float(variance[target])
                    )
                best = np.maximum(best, likelihood)
        return found

    def _kernels(self) -> Iterator[tuple[float | None, float]]:
        for length in self.lengths:
            for slope in SLOPES:
                yield length, slope
        if not self.lengths:
            yield None, 1.0


@dataclass(frozen=True, eq=False)
class _Posterior:
    """Kernel, noise and coefficients of one target."""

    kernel: tuple[float | None, float]
    noise: float
    rows: np.ndarray
    root: np.ndarray
    weights: np.ndarray
    vectors: np.ndarray
    spread: np.ndarray
    variance: float

    def at(self, X: np.ndarray, train: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Mean and standard deviation of a measurement, each of shape `[samples]`."""
        cross = _kernel(self.kernel, X, train[self.rows]) * self.root
        prior = _kernel_diagonal(self.kernel, X)
        explained = ((cross @ self.vectors) ** 2 / self.spread).sum(axis=1)
        variance = np.maximum(prior - explained, 0.0) + self.noise
        return cross @ self.weights, np.sqrt(variance * self.variance)


_NOTHING = np.zeros((0, 0)), np.zeros(0), 1.0


@dataclass(frozen=True, eq=False)
class FittedProcess(AbstractFittedEstimate):
    """Posteriors of all targets over the same training rows."""

    blocks: tuple[Scaling, ...]
    train: np.ndarray
    centre: np.ndarray
    scale: np.ndarray
    targets: tuple[_Posterior, ...]

    def predict(self, known: KnownSamples) -> Guess:
        """See the base class."""
        X = _columns(known, self.blocks)
        both = [posterior.at(X, self.train) for posterior in self.targets]
        mean, deviation = np.stack([m for m, _ in both], axis=1), np.stack([d for _, d in both], axis=1)
        return Guess(self.centre + self.scale * mean, self.scale * deviation)


def _parts(known: KnownSamples) -> tuple[np.ndarray, np.ndarray]:
    return np.concatenate([known.descriptors, known.features], axis=1), known.inputs


def _columns(known: KnownSamples, blocks: tuple[Scaling, ...]) -> np.ndarray:
    """Scaled columns; each block has a mean square of one per sample, whatever its width."""
    parts = []
    for part, scaling in zip(_parts(known), blocks, strict=True):
        varying = max(int(np.isfinite(scaling.scale).sum()), 1)
        parts.append(scaling.apply(part) / np.sqrt(varying))
    return np.concatenate(parts, axis=1)


def _kernel(kernel: tuple[float | None, float], left: np.ndarray, right: np.ndarray) -> np.ndarray:
    length, slope = kernel
    values: np.ndarray = 1.0 + slope * left @ right.T
    if length is None:
        return values
    square = (left**2).sum(axis=1)[:, None] + (right**2).sum(axis=1) - 2.0 * left @ right.T
    values += np.exp(-0.5 * np.maximum(square, 0.0) / length**2)
    return values


def _kernel_diagonal(kernel: tuple[float | None, float], X: np.ndarray) -> np.ndarray:
    length, slope = kernel
    variance: np.ndarray = 1.0 + slope * (X**2).sum(axis=1) + (length is not None)
    return variance
