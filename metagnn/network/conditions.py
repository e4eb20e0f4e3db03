"""Conditions: what is known of every sample before its fluxes are."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from metagnn._typing import Fluxes
from metagnn.network.tensor_record import TensorRecord


@dataclass(frozen=True, eq=False)
class Conditions(TensorRecord):
    """What a model is told about every sample: the one argument of every flux model.

    Tensors have one row a sample and, unless said otherwise, shape `[samples, reactions]` in float64 [mmol/gDW/h].

    Attributes:
        lower: Lower bounds.
        upper: Upper bounds.
        measured: Measured rates, NaN where there is none; None where rates are no input.
        deviation: Standard deviations of the measured rates.
        closed: Reactions that a sample goes without (knockouts), boolean; None where every sample has all. The bounds
            are closed accordingly.
        features: What else is known of a sample, shape `[samples, features]`; None where nothing is.
        time: When a sample was taken, shape `[samples]` [h]; None at steady state.
        exchanges: Exchanges that the table of the samples names, in its order.
    """

    lower: Fluxes
    upper: Fluxes
    measured: Fluxes | None = None
    deviation: Fluxes | None = None
    closed: Tensor | None = None
    features: Tensor | None = None
    time: Tensor | None = None
    exchanges: tuple[str, ...] = ()
