"""Report growth, CO2 and biomass composition of samples as far as their measured rates determine them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from metagnn._typing import Fluxes
from metagnn.analysis.composition.fitted_composition import Composition
from metagnn.analysis.identifiability.measurement_advice import MeasurementAdvice
from metagnn.analysis.identifiability.steady_state_tangent import ALPHA, BETA, GROWTH, SteadyStateTangent
from metagnn.errors import InputError, unknown_name
from metagnn.network.metabolic_network import MetabolicNetwork
from metagnn.nn.biomass import BiomassComposition

DETERMINED, UNDETERMINED, PRIOR = "determined", "not determined", "prior"


def readout_columns(
    network: MetabolicNetwork,
    biomass: BiomassComposition,
    contents: Composition | None,
    measured: Fluxes,
    fluxes: np.ndarray,
    prior: Mapping[str, float] | None = None,
) -> dict[str, np.ndarray]:
    """Compute value and status of every readout and sample, and advise what to measure where one is not determined.

    Fitted contents, and those of a fixed composition, count as known.

    Args:
        network: The network, with the biomass column of the prediction.
        biomass: The composition of the prediction.
        contents: Alpha and beta as fitted, NaN where the training samples do not determine them; None if not fitted.
        measured: Measured rates, NaN where there is none, shape `[samples, reactions]` [mmol/gDW/h].
        fluxes: Predicted fluxes, the same shape.
        prior: Values of readouts to assume where the data do not determine them; what the balances tie to them follows.

    Returns:
        Columns `<readout>` [mmol/gDW/h], growth [1/h], contents [mmol/gDW], `<readout>_status` and `to_measure`.

    Raises:
        InputError: `prior` names no readout of the network, or a value is not finite.
    """
    tangent = SteadyStateTangent.from_composition(network, biomass)
    readouts, prior = tangent.readouts, dict(prior or {})
    _check_prior(prior, readouts, network)
    of_biomass = [name for name in (ALPHA, BETA) if name in readouts]
    fitted = [name for name in of_biomass if contents is not None and np.isfinite(getattr(contents, name))]
    known_contents = [tangent.index(name) for name in fitted]
    values = {name: fluxes[:, tangent.short_names[name]].copy() for name in readouts if name in tangent.short_names}
    for name in of_biomass:
        # Start undetermined contents at those of the prediction; they become NaN below.
        values[name] = np.full(len(fluxes), network.biomass_content("C" if name == ALPHA else "N"))
    status = {name: np.full(len(fluxes), DETERMINED, dtype=object) for name in readouts}
    advice = np.full(len(fluxes), "", dtype=object)
    held = network.bounds.lower == network.bounds.upper
    patterns, pattern = np.unique(~np.isnan(measured.numpy()), axis=0, return_inverse=True)
    for number, mask in enumerate(patterns):
        rows = np.flatnonzero(pattern.reshape(-1) == number)
        known = [*np.flatnonzero(mask | held).tolist(), *known_contents]
        left = tangent.after(known)
        given = {name: value for name, value in prior.items() if left[tangent.index(name)].any()}
        rest = tangent.after([*known, *map(tangent.index, given)])
        _follow(tangent, left, given, values, rows)
        guide, lacking = MeasurementAdvice(tangent, rest, known), []
        for name in readouts:
            index = tangent.index(name)
            if rest[index].any():
                values[name][rows], status[name][rows] = np.nan, UNDETERMINED
                lacking.append(guide.give(name)[0])
            elif left[index].any():
                status[name][rows] = PRIOR
        advice[rows] = "; ".join(lacking)
    pairs = [((name, values[name]), (f"{name}_status", status[name])) for name in readouts]
    return {name: column for pair in pairs for name, column in pair} | {"to_measure": advice}


def _check_prior(prior: Mapping[str, float], readouts: Sequence[str], network: MetabolicNetwork) -> None:
    for name, value in prior.items():
        if name not in readouts:
            raise InputError("`prior`: " + unknown_name(str(name), readouts, f"readout of {network.id}"))
        if not np.isfinite(value):
            raise InputError(f"`prior[{name!r}]` is {value}; expected a finite number")


def _follow(
    tangent: SteadyStateTangent,
    left: np.ndarray,
    given: Mapping[str, float],
    values: dict[str, np.ndarray],
    rows: np.ndarray,
) -> None:
    """Set readouts to their prior values, and move those that depend on them, without changing any measurement.

    Steady state is linear in the fluxes and in growth times the change of composition, so one step is exact.
    """
    growth = left[tangent.index(GROWTH)]
    for row in rows if given else ():
        before = {name: column[row] for name, column in values.items()}
        constraints, wanted = [], []
        for name, value in given.items():
            step = value - before[name]
            of_biomass = name not in tangent.short_names
            constraints.append(left[tangent.index(name)] - (step * growth if of_biomass else 0.0))
            wanted.append(step * (before[GROWTH] if of_biomass else 1.0))
        direction = np.linalg.lstsq(np.array(constraints), np.array(wanted), rcond=1e-9)[0]
        after_growth = before[GROWTH] + growth @ direction
        for name, column in values.items():
            moved = left[tangent.index(name)] @ direction
            column[row] += moved if name in tangent.short_names else (moved / after_growth if after_growth else 0.0)
