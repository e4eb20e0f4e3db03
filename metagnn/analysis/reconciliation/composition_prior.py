"""What is known of a biomass composition before any data are seen: what cells are made of."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import scipy.stats

from metagnn.analysis.reconciliation.exchange_laws import ExchangeLaws
from metagnn.errors import InputError

CARBON = (30.0, 45.0)
"""Carbon in a gram of dry cells [mmol/gDW]: 46 % of the dry weight (38 mmol) on average over microorganisms (Erickson,
Minkevich & Eroshin 1978, Biotechnol. Bioeng. 20, 1595), 49 % of the organic part for CH1.8O0.5N0.2 (Roels 1983,
Energetics and Kinetics in Biotechnology). The lower end is that of cells with a quarter of ash and salts, the upper
end that of cells without any (Popovic 2019, doi 10.1016/j.heliyon.2019.e01950, lists 32 species)."""

NITROGEN = (4.0, 12.0)
"""Nitrogen in a gram of dry cells [mmol/gDW]: 0.2 per carbon on average (7.6 mmol; the same sources); less where
nitrogen limits growth, more in bacteria that are rich in RNA."""

DEGREES = (3.8, 5.0)
"""Electrons per carbon of cells: 4.2 for CH1.8O0.5N0.2, 4.3 on average (the same sources); more with stored fat. A
network's own biomass outside of this range is no estimate."""

TYPICAL_DEGREE = 4.29
GAMMA_NOISE = 0.04
"""Average degree of reduction of microorganisms, and its relative standard deviation between them (Erickson, Minkevich
& Eroshin 1978, Biotechnol. Bioeng. 20, 1595)."""

EDGE = 0.05
"""Relative standard deviation of the ends of a range: the spread of carbon between organisms (the same source)."""

COEFFICIENT_NOISE = 0.3
"""Relative standard deviation of a precursor's coefficient before any data are seen."""

VAGUE = 10.0
"""Relative standard deviation of a content inside its range: wide enough to have no influence."""

OUTSIDE = 0.01
"""Probability of a content so far outside its range below which it is no composition of cells."""


@dataclass(frozen=True)
class CellContents:
    """What cells are made of: ranges in which a content is as the data say, and beyond which it is improbable.

    Attributes:
        alpha: Least and largest carbon [mmol C/gDW].
        beta: Least and largest nitrogen [mmol N/gDW].

    Raises:
        InputError: A range that is not two positive numbers, the smaller first.
    """

    alpha: tuple[float, float] = CARBON
    beta: tuple[float, float] = NITROGEN

    def __post_init__(self) -> None:
        for name, unit in (("alpha", "C"), ("beta", "N")):
            ends = getattr(self, name)
            if not 0 < ends[0] <= ends[1] < np.inf:
                raise InputError(
                    f"`{name}` is {ends}; expected the least and the largest content [mmol {unit}/gDW], such as "
                    f"{getattr(CellContents, name)}"
                )


@dataclass(frozen=True, eq=False)
class CompositionPrior:
    """A prior on the change θ of a biomass composition: flat inside the ranges of `CellContents`, normal beyond.

    The prior on carbon and nitrogen adds nothing to a fit whose contents lie inside, so that data speak alone there.
    The degree of reduction has a normal prior.

    Attributes:
        mean: θ before any data, shape `[parameters]`.
        own: Carbon, nitrogen and electrons of the network's biomass [mmol/gDW]; empty without an elemental composition.
        degree: Electrons per carbon, and the standard deviation; empty likewise.
        contents: The ranges.
        inside: Standard deviations of alpha and beta inside them [mmol/gDW].
    """

    mean: np.ndarray
    own: tuple[float, ...] = ()
    degree: tuple[float, ...] = ()
    contents: CellContents = CellContents()
    inside: tuple[float, ...] = ()

    def information(self, theta: np.ndarray) -> np.ndarray:
        """Precision of the prior at θ, shape `[parameters, parameters]`."""
        found = self.inner_information(theta)
        if self.own:
            for place, (excess, std) in enumerate(self._excess(theta)):
                found[place, place] += (excess != 0) / std**2
        return found

    def inner_information(self, theta: np.ndarray) -> np.ndarray:
        """The same without the ends of the ranges."""
        if not self.own:
            return np.eye(len(theta)) / COEFFICIENT_NOISE**2
        # A tight prior on e − γ α = 0, and a vague one on alpha and beta.
        degree, error = self.degree
        along = np.array([-degree, 0.0, 1.0])
        alpha = self.own[0]
        tight = np.outer(along, along) / (error * max(alpha + theta[0], 0.1 * alpha)) ** 2
        return np.asarray(tight + np.diag([*np.power(self.inside, -2.0), 0.0]))

    def pull(self, theta: np.ndarray) -> np.ndarray:
        """Negative gradient of half the misfit of θ, shape `[parameters]`."""
        found = self.inner_information(theta) @ (self.mean - theta)
        if self.own:
            for place, (excess, std) in enumerate(self._excess(theta)):
                found[place] -= excess / std**2
        return np.asarray(found)

    def misfits(self, theta: np.ndarray) -> np.ndarray:
        """Squared distance of alpha and beta from their ranges, and of the degree of reduction from its mean.

        In standard deviations of the prior, shape `[3]`; zeros without an elemental composition.
        """
        if not self.own:
            return np.zeros(3)
        alpha, _, electrons = np.array(self.own) + theta
        apart = (electrons - self.degree[0] * alpha) / (self.degree[1] * max(alpha, 0.1 * self.own[0]))
        return np.asarray(np.square([*(excess / std for excess, std in self._excess(theta)), apart]))

    def misfit(self, theta: np.ndarray) -> float:
        """Twice the negative logarithm of the prior, but for a constant."""
        apart = theta - self.mean
        beyond = sum((excess / std) ** 2 for excess, std in self._excess(theta))
        return float(apart @ self.inner_information(theta) @ apart + beyond)

    def centred(self) -> CompositionPrior:
        """A prior that expects the middle of the ranges: for the size of a stream that trades off against biomass."""
        if not self.own:
            return self
        ends = np.array([self.contents.alpha, self.contents.beta])
        middle = ends.mean(axis=1) - np.array(self.own[:2])
        mean = np.array([*middle, self.degree[0] * (self.own[0] + middle[0]) - self.own[2]])
        quarter = np.maximum((ends[:, 1] - ends[:, 0]) / 4, EDGE * ends[:, 0])
        return replace(self, mean=mean, inside=tuple(quarter.tolist()))

    def without_ranges(self) -> CompositionPrior:
        """A prior that leaves all contents to the data."""
        wide = CellContents((1e-6, 1e6), (1e-6, 1e6))
        return replace(self, contents=wide, degree=(self.degree[0], VAGUE * self.degree[0])) if self.own else self

    def outside(self, theta: np.ndarray, covariance: np.ndarray) -> tuple[str, ...]:
        """Say which contents the data place outside what cells are made of.

        Args:
            theta: The change that the data alone give.
            covariance: Its covariance.
        """
        if not self.own:
            return ()
        said = []
        ends = (self.contents.alpha, self.contents.beta)
        for place, (name, unit) in enumerate((("carbon", "mmol C/gDW"), ("nitrogen", "mmol N/gDW"))):
            excess, std = self._excess(theta)[place]
            if scipy.stats.chi2.sf(excess**2 / (std**2 + covariance[place, place]), 1) < OUTSIDE:
                low, high = ends[place]
                content = self.own[place] + theta[place]
                said.append(f"{name} {content:.3g} {unit}, where cells hold {low:g} to {high:g}")
        alpha, _, electrons = np.array(self.own) + theta
        slope = np.array([-electrons / alpha, 0.0, 1.0]) / alpha
        error = np.sqrt(self.degree[1] ** 2 + slope @ covariance @ slope)
        if alpha > 0 and scipy.stats.chi2.sf(((electrons / alpha - self.degree[0]) / error) ** 2, 1) < OUTSIDE:
            expected = f"{self.degree[0]:.3g} ± {self.degree[1]:.2g}"
            said.append(f"{electrons / alpha:.3g} electrons per carbon, where {expected} are expected")
        return tuple(said)

    def _excess(self, theta: np.ndarray) -> tuple[tuple[float, float], ...]:
        """Distance of alpha and beta beyond their ranges, 0 inside, and the standard deviation of that end."""
        found = []
        for place, (low, high) in enumerate((self.contents.alpha, self.contents.beta) if self.own else ()):
            content = self.own[place] + float(theta[place])
            end = low if content < low else high
            found.append((content - end if not low <= content <= high else 0.0, EDGE * end))
        return tuple(found)


def composition_prior(
    exchange_laws: ExchangeLaws, gamma: tuple[float, float] | None = None, contents: CellContents | None = None
) -> CompositionPrior:
    """The prior of the composition of some laws.

    Args:
        exchange_laws: The laws, whose parameters are fitted.
        gamma: Electrons per carbon of biomass and the standard deviation; by default the network's own, 4 %, or 4.29
            where the network's is not that of cells.
        contents: Ranges of carbon and nitrogen.

    Raises:
        InputError: A degree of reduction that is not between 0 and 8.
    """
    parameters = exchange_laws.changes.shape[1]
    if parameters != 3:
        return CompositionPrior(np.zeros(parameters))
    contents = contents or CellContents()
    own = own_contents(exchange_laws)
    degree, error = gamma if gamma is not None else typical_degree(own[2] / own[0])
    if not (0 < degree < 8 and error > 0):
        raise InputError(
            f"`gamma` is {degree:g} ± {error:g}; expected electrons per carbon of biomass, such as 4.2 ± 0.1"
        )
    start = [float(np.clip(value, *ends)) for value, ends in zip(own, (contents.alpha, contents.beta), strict=False)]
    mean = np.array([start[0] - own[0], start[1] - own[1], degree * start[0] - own[2]])
    return CompositionPrior(mean, own, (degree, error), contents, (VAGUE * own[0], VAGUE * own[1]))


def typical_degree(own: float) -> tuple[float, float]:
    """Degree of reduction to expect and its standard deviation, given that of a network's biomass."""
    degree = own if DEGREES[0] <= own <= DEGREES[1] else TYPICAL_DEGREE
    return degree, GAMMA_NOISE * degree


def own_contents(exchange_laws: ExchangeLaws) -> tuple[float, float, float]:
    """Carbon, nitrogen and electrons in the network's own biomass [mmol/gDW]; NaN where unknown."""
    alpha, beta, electrons = exchange_laws.biomass.own_contents.tolist()
    return alpha, beta, electrons
