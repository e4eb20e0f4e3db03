"""Which fluxes and contents a list of measurements determines, bounds or leaves free, and what to measure next."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from metagnn._html import html_table
from metagnn.analysis.identifiability.measurement_advice import MeasurementAdvice
from metagnn.analysis.identifiability.steady_state_ranges import SteadyStateRanges, typical_flux
from metagnn.analysis.identifiability.steady_state_tangent import BLOCKED, SteadyStateTangent
from metagnn.errors import InputError, NetworkError
from metagnn.network.metabolic_network import MetabolicNetwork
from metagnn.network.network_like import NetworkLike, as_network

DETERMINED, BOUNDED, FREE = "determined", "bounded", "free"

ONE_VALUE = 1e-4
"""Width of an interval, relative to 1 + |value|, below which it counts as one value."""

ABSENT = 1e-6
"""Flux of an exchange below which it counts as absent [mmol/gDW/h]."""

MOST_DENSE = 500
"""Reactions up to which S is factored densely: faster, and any reaction can then be measured."""

MOST_SHOWN = 25
"""Quantities that a notebook shows; `table` has all."""

MOST_NAMED = 6
"""Largest number of exchanges that a message names."""


@dataclass(frozen=True)
class Identifiability:
    """How well measurements determine one quantity.

    Attributes:
        name: "growth", "co2", "alpha", "beta", or a reaction.
        status: "determined" (steady state leaves one value), "bounded" (the bounds of the network leave a finite
            interval, narrower than the flux's own) or "free".
        lower: Smallest value while all measured quantities have their reference values [mmol/gDW/h], growth
            [1/h], contents [mmol/gDW].
        upper: Largest value.
        why: The reason in words.
        measure: Up to three smallest sets of further measurements that would determine it, by name.
    """

    name: str
    status: str
    lower: float
    upper: float
    why: str
    measure: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, eq=False, repr=False)
class IdentifiabilityReport:
    """How well a list of measurements determines the fluxes of a network.

    Attributes:
        measured: Names of the measured quantities.
        composition: Which biomass is assumed: "fixed", "elemental" or "precursor".
        rows: The readouts of the network, then the fluxes asked for.
    """

    measured: tuple[str, ...]
    composition: str
    rows: tuple[Identifiability, ...]

    def __getitem__(self, name: str) -> Identifiability:
        """The row of a quantity."""
        for row in self.rows:
            if row.name == name:
                return row
        raise KeyError(name)

    def __repr__(self) -> str:
        counts = Counter(row.status for row in self.rows)
        states = ", ".join(f"{count} {status}" for status, count in counts.items())
        return f"IdentifiabilityReport({len(self.measured)} measured, {self.composition} composition: {states})"

    def _repr_html_(self) -> str:
        rows = [(r.name, r.status, f"{r.lower:.4g}", f"{r.upper:.4g}", r.why) for r in self.rows[:MOST_SHOWN]]
        return html_table(repr(self), rows, ("name", "status", "lower", "upper", "why"))

    def table(self) -> pd.DataFrame:
        """One row a quantity: `name, status, lower, upper, why`."""
        names = ("name", "status", "lower", "upper", "why")
        return pd.DataFrame([[getattr(row, name) for name in names] for row in self.rows], columns=list(names))


def identifiability(
    network: NetworkLike,
    measured: Sequence[str],
    composition: str = "fixed",
    *,
    fluxes: str | Sequence[str] = "exchanges",
    present: Sequence[str] | None = None,
    reference: np.ndarray | None = None,
    seed: int = 0,
) -> IdentifiabilityReport:
    """Find what is determined, bounded or free once some rates are measured, and why.

    A quantity is determined if it is a combination of balances and measurements: if no direction at steady state
    changes it without changing a measurement (van der Heijden et al. 1994, doi
    10.1002/bit.260430103; Klamt et al. 2002, doi 10.1016/S0303-2647(02)00029-9). Noise is
    ignored: a determined quantity may still be known badly. More samples of the same measurements determine nothing
    more.

    Args:
        network: The network; a flux whose bounds are equal counts as known.
        measured: Reactions, "growth", "co2", and of biomass "alpha", "beta" and "degree_of_reduction".
        composition: "fixed" (biomass is the network's own), "elemental" (its carbon and nitrogen are unknown, its
            electrons per carbon are the network's own) or "precursor" (every coefficient is unknown).
        fluxes: Which to report besides the readouts: "exchanges", "all", or names.
        present: Exchanges that may carry flux without being measured; all others count as measured to be zero. By
            default every exchange may.
        reference: A flux at steady state whose measured values the intervals assume, shape `[reactions]`
            [mmol/gDW/h]; by default a typical one of the network, with absent exchanges closed.
        seed: Seed of the reference, and of the composition at which ranks are taken.

    Returns:
        A row for every readout and flux.

    Raises:
        InputError: An unknown name or composition, or no flux without what is absent.
        NetworkError: No growth reaction, or no formulas where the composition is unknown.
    """
    network = as_network(network)
    if len(network.reactions) <= MOST_DENSE:
        tangent = SteadyStateTangent.from_network(network, composition, seed)
    else:
        tangent = SteadyStateTangent.spanned(network, composition, _measurable(network, measured, fluxes), seed)
    return identify(tangent, measured, composition, fluxes=fluxes, present=present, reference=reference, seed=seed)


def identify(
    tangent: SteadyStateTangent,
    measured: Sequence[str],
    composition: str = "fixed",
    *,
    fluxes: str | Sequence[str] = "exchanges",
    present: Sequence[str] | None = None,
    reference: np.ndarray | None = None,
    seed: int = 0,
) -> IdentifiabilityReport:
    """Do the same as `identifiability` for a network that is already factored."""
    network = tangent.network
    given = [tangent.index(name) for name in _strings("measured", measured)]
    absent = _absent(tangent, given, present)
    held = np.flatnonzero(network.bounds.lower == network.bounds.upper).tolist()
    known = sorted({*given, *held, *absent})
    rest = tangent.after(known)
    names = list(dict.fromkeys([*tangent.readouts, *_chosen(network, fluxes)]))
    indices = [tangent.index(name) for name in names]
    undetermined = [index for index in indices if rest[index].any()]
    ranges = SteadyStateRanges(tangent, known, _state(network, absent, reference, seed), seed)
    intervals = dict(zip(undetermined, ranges.find_ranges(undetermined), strict=True))
    advice = MeasurementAdvice(tangent, rest, known)
    rows = []
    for name, index in zip(names, indices, strict=True):
        if index in intervals:
            lower, upper = intervals[index].tolist()
            status = BOUNDED if ranges.bounded(index, lower, upper) else FREE
            why, measure = advice.give(name)
            if upper - lower < ONE_VALUE * (1.0 + abs(lower)):
                why += "; the bounds leave one value all the same"
            rows.append(Identifiability(name, status, lower, upper, why, measure))
        else:
            value = ranges.value(index)
            why = _why_determined(tangent, index, set(given), known)
            rows.append(Identifiability(name, DETERMINED, value, value, why))
    return IdentifiabilityReport(tuple(measured), composition, tuple(rows))


def _strings(argument: str, names: Sequence[str]) -> Sequence[str]:
    if isinstance(names, str):
        raise InputError(f"`{argument}` is the text {names!r}; expected a list of names")
    return names


def _measurable(network: MetabolicNetwork, measured: Sequence[str], fluxes: str | Sequence[str]) -> list[int]:
    """Positions of the reactions that are measured, held or exchanged, and of those asked for by name."""
    asked = () if isinstance(fluxes, str) else fluxes
    held = np.flatnonzero(network.bounds.lower == network.bounds.upper).tolist()
    found = [*held, *network.outside_indices.tolist()]
    for name in (*_strings("measured", measured), *asked):
        # Readouts are no reactions; `identify` refuses unknown names.
        with contextlib.suppress(NetworkError):
            found.append(network.reaction_index(name))
    return found


def _chosen(network: MetabolicNetwork, fluxes: str | Sequence[str]) -> Sequence[str]:
    if isinstance(fluxes, str):
        if fluxes not in ("exchanges", "all"):
            raise InputError(f"`fluxes` is {fluxes!r}; expected 'exchanges', 'all' or a list of reactions")
        return network.outside_exchanges if fluxes == "exchanges" else network.own_reactions
    return fluxes


def _absent(tangent: SteadyStateTangent, given: Sequence[int], present: Sequence[str] | None) -> list[int]:
    """Exchanges that are neither measured nor present."""
    if present is None:
        return []
    kept = {*given, *(tangent.index(name) for name in _strings("present", present))}
    return [index for index in tangent.network.outside_indices.tolist() if index not in kept]


def _state(
    network: MetabolicNetwork, absent: Sequence[int], reference: np.ndarray | None, seed: int
) -> np.ndarray | None:
    """The reference state, without flux through absent exchanges; None where none is absent or given."""
    if not absent:
        return reference
    names = [network.reactions[index] for index in absent]
    if reference is None:
        try:
            return typical_flux(network.knock_out(reactions=names), seed)
        except InputError as error:
            raise InputError(
                f"without {', '.join(names[:MOST_NAMED])}{', …' if len(names) > MOST_NAMED else ''} {error}; "
                "expected in `present` all that is exchanged without being measured"
            ) from error
    for name, index in zip(names, absent, strict=True):
        # `SteadyStateRanges` refuses a reference of another length.
        if index < len(reference) and not abs(reference[index]) < ABSENT:
            raise InputError(
                f"`reference` has {name} at {reference[index]:g} mmol/gDW/h, which is neither measured nor in "
                "`present`; expected 0"
            )
    return reference


def _why_determined(tangent: SteadyStateTangent, index: int, given: set[int], known: Sequence[int]) -> str:
    if index in given:
        return "measured"
    if index in known:
        lower = tangent.network.bounds.lower[index]
        return "held by its bounds" if lower == tangent.network.bounds.upper[index] else "absent"
    if np.linalg.norm(tangent.rows[index]) <= BLOCKED:
        blocked = index < len(tangent.network.reactions)
        return "no steady state carries it" if blocked else "the network's own composition"
    return "the balances tie it to what is measured"
