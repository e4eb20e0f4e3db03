"""Samples whose targets are known functions of what is known of them."""

import numpy as np

from metagnn.estimates.known_samples import KnownSamples

TARGETS = 4


def known_samples(samples: int = 12, seed: int = 0) -> KnownSamples:
    """Two uptakes, a size that follows from them, and own fluxes in proportion to it."""
    generator = np.random.default_rng(seed)
    inputs = generator.uniform(1.0, 5.0, (samples, 2))
    size = inputs @ np.array([6.0, 2.0])
    own = size[:, None] * generator.uniform(-1.0, 1.0, TARGETS)
    return KnownSamples(inputs, size, np.stack([size, inputs[:, 0] / size], axis=1), own, np.zeros((samples, 0)))


def noisy_targets(known: KnownSamples, noise: float = 0.05, seed: int = 1) -> np.ndarray:
    """Own fluxes with gains and an overflow, times noise."""
    generator = np.random.default_rng(seed)
    gains = generator.uniform(0.7, 1.3, known.own.shape[1])
    targets: np.ndarray = known.own * gains + 0.1 * known.inputs[:, :1] ** 1.5
    return targets * generator.normal(1.0, noise, targets.shape)
