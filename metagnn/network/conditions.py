"""The inputs of a flux model: what is known of every sample."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from metagnn._typing import Fluxes
from metagnn.network.tensor_record import TensorRecord


@dataclass(frozen=True, eq=False)
class Conditions(TensorRecord):
    """What is known of every sample: the single argument of every flux model.

    Tensors have one row per sample and, unless noted, shape `[samples, reactions]` in float64 [mmol/gDW/h].

    Attributes:
        lower: Lower bounds.
        upper: Upper bounds.
        measured: Measured rates, NaN where missing; None if rates are no input.
        deviation: Standard deviations of the measured rates.
        closed: Reactions that are knocked out in a sample, boolean; None without knockouts. Their bounds are zero.
        features: Further features of a sample, shape `[samples, features]`; None if there are none.
        time: Time at which a sample was taken, shape `[samples]` [h]; None at steady state.
        exchanges: Exchanges that the table of samples names, in its order.
        feature_names: Names of the features.
    """

    lower: Fluxes
    upper: Fluxes
    measured: Fluxes | None = None
    deviation: Fluxes | None = None
    closed: Tensor | None = None
    features: Tensor | None = None
    time: Tensor | None = None
    exchanges: tuple[str, ...] = ()
    feature_names: tuple[str, ...] = ()
