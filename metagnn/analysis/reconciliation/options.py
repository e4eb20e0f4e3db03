"""Settings of a reconciliation."""

from __future__ import annotations

from dataclasses import dataclass, field

from metagnn.analysis.reconciliation.composition_prior import GAMMA_NOISE, CellContents, typical_degree
from metagnn.analysis.reconciliation.flux_bounds import check_energy
from metagnn.errors import InputError
from metagnn.nn.biomass import check_composition


@dataclass(frozen=True)
class ReconcileOptions:
    """Settings of a reconciliation.

    Attributes:
        composition: "elemental" (carbon and nitrogen of biomass are fitted to all rows), "precursor" (every
            coefficient is, with a prior of 30 %) or "fixed" (the network's own).
        gamma: Degree of reduction of biomass, electrons per carbon; the network's own by default.
        gamma_std: Standard deviation of gamma; 4 % of it by default.
        contents: Carbon and nitrogen that cells hold [mmol/gDW]: ranges in which the data alone decide, and beyond
            which a fitted composition is drawn back and reported.
        hide: Measured exchanges to withhold, predict and score.
        present: Exchanges that may carry flux although nobody measured them, besides CO2, water, protons and the
            carbon-free nutrients of the network's medium.
        energy: "free" to lift the network's demand for ATP, "keep" to impose it.
        all_intervals: Whether to give intervals of every flux instead of exchanges and growth only.
        ranges: Whether to compute flux variability of determined fluxes too; undetermined ones always have it.

    Raises:
        InputError: A setting that is unknown or out of its range.
    """

    composition: str = "elemental"
    gamma: float | None = None
    gamma_std: float | None = None
    contents: CellContents = field(default_factory=CellContents)
    hide: tuple[str, ...] = ()
    present: tuple[str, ...] = ()
    energy: str = "free"
    all_intervals: bool = False
    ranges: bool = True

    def __post_init__(self) -> None:
        check_composition(self.composition)
        check_energy(self.energy)
        if self.gamma is not None and not 0 < self.gamma < 8:
            raise InputError(f"`gamma` is {self.gamma}; expected electrons per carbon of biomass, such as 4.2")
        if self.gamma_std is not None and not 0 < self.gamma_std < 8:
            raise InputError(f"`gamma_std` is {self.gamma_std}; expected a positive standard deviation, such as 0.1")
        if self.gamma is not None and self.composition != "elemental":
            raise InputError("`gamma` belongs to an elemental composition; expected composition='elemental'")

    def degree(self, own: float) -> tuple[float, float]:
        """Degree of reduction and standard deviation to use, given the network's own."""
        gamma = typical_degree(own)[0] if self.gamma is None else self.gamma
        return gamma, GAMMA_NOISE * gamma if self.gamma_std is None else self.gamma_std
