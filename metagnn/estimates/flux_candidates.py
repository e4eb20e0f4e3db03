"""The estimates of measured fluxes that are chosen from."""

from __future__ import annotations

from metagnn.estimates.constant import MeanEstimate
from metagnn.estimates.estimate import AbstractEstimate
from metagnn.estimates.ridge import RidgeEstimate
from metagnn.estimates.yields import YieldsEstimate


def flux_candidates() -> tuple[AbstractEstimate, ...]:
    """Return the list, the simplest first."""
    return (
        MeanEstimate(),
        YieldsEstimate(),
        RidgeEstimate("ridge"),
        RidgeEstimate("ridge with FBA", ("size", "size_root"), own=True),
    )
