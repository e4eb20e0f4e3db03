"""The fitted biomass composition, with intervals."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from metagnn._typing import Fluxes
from metagnn.analysis.composition.content_interval import Interval, content_interval
from metagnn.analysis.identifiability.column_space import column_space, column_spaces
from metagnn.datasets.flux_batch import FluxBatch
from metagnn.datasets.noise import RELATIVE_NOISE, SMALLEST_STD
from metagnn.network.elements import elements_present
from metagnn.network.metabolic_network import MetabolicNetwork
from metagnn.nn.biomass import BiomassComposition
from metagnn.plain_values import as_list, as_number

SMALLEST_GROWTH_STD = 1e-3
"""Standard deviation of an observed growth rate, at least [1/h]."""


@dataclass(frozen=True, repr=False)
class Composition:
    """Carbon and nitrogen in biomass.

    Attributes:
        alpha: Carbon [mmol/gDW]; NaN where the data do not determine it.
        beta: Nitrogen [mmol/gDW]; NaN where the data do not determine it.
        alpha_interval: 90 % interval of alpha by `content_interval`; (0, inf) where it is not determined, None where
            it was not fitted.
        beta_interval: The same of beta.
    """

    alpha: float
    beta: float
    alpha_interval: Interval | None = None
    beta_interval: Interval | None = None

    @property
    def table(self) -> pd.DataFrame:
        """Rows alpha and beta [mmol/gDW]; columns `value, low, high`, NaN where no interval was fitted."""
        intervals = [limits or (np.nan, np.nan) for limits in (self.alpha_interval, self.beta_interval)]
        rows = [[value, *limits] for value, limits in zip((self.alpha, self.beta), intervals, strict=True)]
        return pd.DataFrame(rows, index=["alpha", "beta"], columns=["value", "low", "high"])

    def __repr__(self) -> str:
        return f"Composition({', '.join(_in_words(name, *row) for name, *row in self.table.itertuples())})"

    def _repr_html_(self) -> str:
        return str(self.table.to_html())

    def to_document(self) -> dict[str, Any]:
        """The composition for JSON; NaN and infinity become null."""
        return {
            "alpha": _finite_or_none(self.alpha),
            "beta": _finite_or_none(self.beta),
            "alpha_interval": self.alpha_interval and [_finite_or_none(limit) for limit in self.alpha_interval],
            "beta_interval": self.beta_interval and [_finite_or_none(limit) for limit in self.beta_interval],
        }

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> Composition:
        """Read what `to_document` wrote; a damaged document raises KeyError or ValueError."""
        alpha, beta = (_or(document[name], float("nan")) for name in ("alpha", "beta"))
        alpha_interval, beta_interval = (
            None if limits is None else (_or(as_list(limits)[0], 0.0), _or(limits[-1], float("inf")))
            for limits in (document["alpha_interval"] or None, document["beta_interval"] or None)
        )
        return cls(alpha, beta, alpha_interval, beta_interval)


def own_composition(network: MetabolicNetwork) -> Composition:
    """Alpha and beta of the network's own biomass.

    Raises:
        NetworkError: The network has no formulas.
    """
    present = elements_present(network.metabolite_table)
    # A network without an element holds none of it; one without formulas is refused by element_balance.
    alpha, beta = (
        network.biomass_content(element) if element in present or not present else 0.0 for element in ("C", "N")
    )
    return Composition(alpha, beta)


def fitted_composition(composition: BiomassComposition, samples: FluxBatch, fluxes: Fluxes) -> Composition:
    """Fitted alpha and beta with intervals (`content_interval`), by the Fisher information of the balances.

    A sample informs the composition by the part of its measurements' response to the composition that no other flux
    at steady state could explain. Bounds, and what the model has learned, do not count, so that no interval rests on
    them. Errors are taken as independent and normal; where residuals exceed their deviations, intervals widen by the
    ratio.

    Args:
        composition: A trainable composition, fitted.
        samples: Measured rates and observed fluxes; the latter with 5 % error.
        fluxes: Fluxes of these samples by the fitted model, shape `[samples, reactions]` [mmol/gDW/h].

    Returns:
        Contents and intervals.
    """
    with torch.no_grad():
        values, precision = _observations(samples, composition.growth_index)
        used = torch.nonzero((precision > 0).any(0)).squeeze(-1)
        root = precision[:, used].sqrt()
        reach = torch.from_numpy(column_space(composition.basis()[used].numpy()))
        moves = composition.sensitivity()[used]
        growth = fluxes[:, composition.growth_index]
        # Remove from every sample's response what fluxes at steady state can explain.
        spanned, rank = column_spaces((root[:, :, None] * reach).numpy())
        explained = torch.from_numpy(spanned)
        change = root[:, :, None] * moves * growth[:, None, None]
        rest = change - explained @ (explained.mT @ change)
        information = (rest.mT @ rest).sum(0)
        residual = root * (values - fluxes)[:, used]
        freedom = int((root > 0).sum()) - rank
        spread = max(float(residual.square().sum()) / freedom, 1.0) if freedom > 0 else 1.0
        jacobian = _log_content_jacobian(composition)
        errors = _standard_errors(information.numpy() / spread, jacobian)
        contents = [content.item() for content in composition.contents()]
    (alpha, alpha_interval), (beta, beta_interval) = map(content_interval, contents, errors)
    return Composition(alpha, beta, alpha_interval, beta_interval)


def warn_undetermined(composition: Composition) -> None:
    """Warn which contents the data do not determine, and say what to measure."""
    unknown = [name for name in ("alpha", "beta") if np.isnan(getattr(composition, name))]
    if unknown:
        warnings.warn(
            f"the data do not determine {' and '.join(unknown)}, which may trade against what is not measured; "
            "measure CO2 or O2 for carbon, NH4+ for nitrogen, or use composition='fixed'",
            stacklevel=3,
        )


def _observations(samples: FluxBatch, growth_index: int) -> tuple[Tensor, Tensor]:
    """Measured and observed values, and their precision 1/σ², zero where there is none."""
    values, precision = torch.zeros_like(samples.observed), torch.zeros_like(samples.observed)
    floor = torch.full_like(samples.observed, SMALLEST_STD)
    floor[:, growth_index] = SMALLEST_GROWTH_STD
    observed = (samples.observed, torch.maximum(RELATIVE_NOISE * samples.observed.abs(), floor))
    for numbers, deviation in ((samples.conditions.measured, samples.conditions.deviation), observed):
        if numbers is None or deviation is None:
            continue
        known = ~(torch.isnan(numbers) | torch.isnan(deviation))
        values = torch.where(known, numbers, values)
        precision = torch.where(known, deviation.pow(-2), precision)
    return values, precision


def _log_content_jacobian(composition: BiomassComposition) -> np.ndarray:
    def log_contents(raw: Tensor) -> Tensor:
        return torch.stack(torch.func.functional_call(composition, {"raw": raw})).log()

    jacobian: np.ndarray = torch.func.jacrev(log_contents)(composition.raw.detach()).numpy()
    return jacobian


def _standard_errors(information: np.ndarray, jacobian: np.ndarray) -> np.ndarray:
    """Standard errors of the logarithms of the contents; infinite along directions without information."""
    values, vectors = np.linalg.eigh(information)
    known = values > 1e-9 * max(float(values.max(initial=0.0)), 1e-12)
    along = jacobian @ vectors
    variance = np.square(along[:, known]) @ (1.0 / values[known])
    lost = np.abs(along[:, ~known]).max(axis=1, initial=0.0) > 1e-3 * np.abs(along).max(axis=1)
    return np.where(lost, np.inf, np.sqrt(variance))


def _in_words(name: str, value: float, low: float, high: float) -> str:
    if np.isnan(value):
        return f"{name} not determined"
    return f"{name} {value:.2f}" + ("" if np.isnan(low) else f" ({low:.2f} to {high:.2f})") + " mmol/gDW"


def _finite_or_none(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _or(value: float | None, otherwise: float) -> float:
    return otherwise if value is None else as_number(value)
