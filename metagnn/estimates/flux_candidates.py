"""The estimates of measured fluxes that are chosen from."""

from __future__ import annotations

from metagnn.estimates.constant import MeanEstimate
from metagnn.estimates.estimate import AbstractEstimate
from metagnn.estimates.gained_fba import GainedFluxEstimate
from metagnn.estimates.gaussian_process import GaussianProcessEstimate
from metagnn.estimates.nearest_yields import NearestYieldsEstimate
from metagnn.estimates.per_size import PerSizeEstimate
from metagnn.estimates.ridge import RidgeEstimate
from metagnn.estimates.yields import YieldsEstimate

OUTSIDE = ("FBA with gains", "mean yields")
"""What is averaged in media far outside of the training media: a mechanistic estimate and a statistical one err in
different directions there."""


def flux_candidates() -> tuple[AbstractEstimate, ...]:
    """Return the list, the simplest first."""
    described = ("inputs", "descriptors")
    return (
        MeanEstimate(),
        YieldsEstimate(),
        PerSizeEstimate("mean yields", MeanEstimate()),
        NearestYieldsEstimate("three nearest yields", 3),
        NearestYieldsEstimate("seven nearest yields", 7),
        GainedFluxEstimate(),
        RidgeEstimate("ridge", ("inputs",), penalty=0.03),
        RidgeEstimate("ridge with FBA", ("size", "size_root"), own=True, penalty=0.03),
        PerSizeEstimate("ridge of yields", RidgeEstimate(columns=("inputs",), penalty=0.1)),
        PerSizeEstimate("ridge of yields with FBA", RidgeEstimate(columns=("size",), own=True, penalty=0.1)),
        PerSizeEstimate("ridge of yields, described", RidgeEstimate(columns=described, own=True, penalty=0.1)),
        GaussianProcessEstimate("process", ("inputs",), linear=1.0),
        PerSizeEstimate("process of yields", GaussianProcessEstimate(columns=("inputs",))),
        PerSizeEstimate("process of yields, described", GaussianProcessEstimate(columns=described, linear=0.1)),
    )
